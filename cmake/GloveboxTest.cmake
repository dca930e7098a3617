# SPDX-License-Identifier: Apache-2.0

find_package(GTest REQUIRED)
include(GoogleTest)

# What a test itself does is not what is slow; compiling it is, and optimised it takes half as long again.
set(GLOVEBOX_TEST_COMPILE_OPTIONS $<$<CONFIG:Release>:-O0>)

set(GLOVEBOX_TEST_PATIENCE 1 CACHE STRING "How many times its TIMEOUT a test may take; more than 1 for sanitizers")

# glovebox_test_properties(TEST... PROPERTIES NAME VALUE... [TIMEOUT seconds]): set_tests_properties, whose TIMEOUT is that of
# a program without sanitizers and is multiplied by GLOVEBOX_TEST_PATIENCE.
function(glovebox_test_properties)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "TIMEOUT" "")
    if(arg_TIMEOUT)
        math(EXPR seconds "${arg_TIMEOUT} * ${GLOVEBOX_TEST_PATIENCE}")
        list(APPEND arg_UNPARSED_ARGUMENTS TIMEOUT ${seconds})
    endif()
    set_tests_properties(${arg_UNPARSED_ARGUMENTS})
endfunction()

# glovebox_test(NAME SOURCES file... LIBRARIES target... [LABEL unit] [TIMEOUT seconds])
# One test program. Each of its tests becomes one ctest test, found when ctest runs.
function(glovebox_test name)
    cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
    if(NOT arg_LABEL)
        set(arg_LABEL unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * ${GLOVEBOX_TEST_PATIENCE}")
    add_executable(${name} ${arg_SOURCES})
    target_compile_options(${name} PRIVATE ${GLOVEBOX_TEST_COMPILE_OPTIONS})
    target_link_libraries(${name} PRIVATE glovebox_options ${arg_LIBRARIES} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
        PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()
