# SPDX-License-Identifier: Apache-2.0
# The options of every target. Link it PRIVATE.
add_library(glovebox_options INTERFACE)
target_compile_features(glovebox_options INTERFACE cxx_std_20)
target_include_directories(glovebox_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(glovebox_options INTERFACE
    -Wall -Wextra -Wpedantic -Wimplicit-fallthrough
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
    $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
    $<$<BOOL:${GLOVEBOX_WERROR}>:-Werror>)

if(NOT CMAKE_UNITY_BUILD)
    # Several files in one translation unit (docs/testing.md) see each other's names.
    target_compile_options(glovebox_options INTERFACE -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # There a template of a header that is given a lambda looks as if it came from another file.
    target_compile_options(glovebox_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Memory rather than time: by default the compiler collects its garbage every 100 MB, a tenth of its time.
    target_compile_options(glovebox_options INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:SHELL:--param ggc-min-expand=1000 --param ggc-min-heapsize=1500000>)
    # gcc 12 takes a coroutine frame's own operator delete for a stranger to its operator new.
    target_compile_options(glovebox_options INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
    # gcc 12 at -O1 takes the move of a short std::string for a copy from beyond its end.
    target_compile_options(glovebox_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds>)
endif()

# Asio: no deprecated names, and only what we use of its executors. Its functions and Beast's are compiled once, by
# core/asio.
target_compile_definitions(glovebox_options INTERFACE
    BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY _FILE_OFFSET_BITS=64
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
# The same for who links Boost.JSON and fmt and who doesn't: a precompiled header is for both.
target_compile_definitions(glovebox_options INTERFACE
    $<TARGET_PROPERTY:Boost::json,INTERFACE_COMPILE_DEFINITIONS>
    $<TARGET_PROPERTY:Boost::container,INTERFACE_COMPILE_DEFINITIONS>
    $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)

if(GLOVEBOX_SANITIZE)
    target_compile_options(glovebox_options INTERFACE
        -fsanitize=${GLOVEBOX_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Its instrumentation hides initialisations from its own flow analysis (gcc's manual, -fsanitize).
        target_compile_options(glovebox_options INTERFACE -Wno-maybe-uninitialized)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND GLOVEBOX_SANITIZE MATCHES "undefined")
        # clang 14 can't write that check's data for a coroutine ("difference across sections").
        target_compile_options(glovebox_options INTERFACE -fno-sanitize=function)
    endif()
    target_link_options(glovebox_options INTERFACE -fsanitize=${GLOVEBOX_SANITIZE})
    if(GLOVEBOX_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # gcc 12 warns that tsan does not model atomic_thread_fence, which Asio's headers use.
        target_compile_options(glovebox_options INTERFACE -Wno-tsan)
    endif()
endif()

if(GLOVEBOX_FUZZ AND GLOVEBOX_FUZZ_TRACE)
    # In everything that a fuzz target links: what guides the fuzzer, and what fuzz/coverage.py reads.
    set(coverage -fprofile-instr-generate -fcoverage-mapping)
    # A function of one file is counted by the file's name and its own; "unity_0_cxx.cxx" is that of every target.
    set(counted_as "SHELL:-Xclang -main-file-name -Xclang $<TARGET_PROPERTY:NAME>")
    target_compile_options(glovebox_options INTERFACE -fsanitize=fuzzer-no-link ${coverage} "${counted_as}")
    target_link_options(glovebox_options INTERFACE ${coverage})
elseif(GLOVEBOX_FUZZ)
    target_compile_options(glovebox_options INTERFACE -fsanitize-coverage=inline-8bit-counters,pc-table)
endif()
