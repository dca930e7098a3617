# SPDX-License-Identifier: Apache-2.0
# What a release has against its own defects, as hardening-check(1) lists it: relocations that nobody writes to after the start, no code
# on the stack, guards of the stack, checked calls of libc, and targets of indirect jumps that the processor checks. A place of its own in
# memory (PIE) is the compiler's default. Sanitizers bring checks of their own, and a debug build is for a debugger.
# integration/package/hardening_test.py looks for all of it in the program.
if(NOT GLOVEBOX_SANITIZE AND NOT GLOVEBOX_FUZZ)
    set(glovebox_hardening -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
        list(APPEND glovebox_hardening -fcf-protection=full)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
        list(APPEND glovebox_hardening -mbranch-protection=standard)
    endif()
    target_compile_options(glovebox_options INTERFACE "$<$<CONFIG:Release>:${glovebox_hardening}>")
    target_link_options(glovebox_options INTERFACE $<$<CONFIG:Release>:LINKER:-z,relro,-z,now,-z,noexecstack>)
endif()
