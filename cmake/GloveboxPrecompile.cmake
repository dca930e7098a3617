# SPDX-License-Identifier: Apache-2.0
# Precompiled headers: what nearly every translation unit includes is read once for the program, and once more, without
# optimisation and with GoogleTest, for the tests. They pay in a build from nothing; ccache, which keeps what was compiled
# before, does better without them. A build without them (preset dev) shows that each file names what it includes.
#
# glovebox_precompile(): for every target of the tree that links glovebox_options, after the last of them.
set(glovebox_precompile_default OFF)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache")
    set(glovebox_precompile_default ON)
endif()
option(GLOVEBOX_PRECOMPILE "Use precompiled headers" ${glovebox_precompile_default})

set(glovebox_precompiled
    <algorithm> <array> <charconv> <chrono> <deque> <filesystem> <fstream> <functional> <iostream> <limits> <list> <map>
    <memory> <mutex> <optional> <set> <span> <sstream> <string> <string_view> <thread> <utility> <variant> <vector>
    <fmt/format.h> <boost/json.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/generic/stream_protocol.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
    <boost/asio/local/stream_protocol.hpp> <boost/asio/redirect_error.hpp> <boost/asio/signal_set.hpp>
    <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>)

function(glovebox_targets_below folder out)
    get_property(found DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
    get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
    foreach(below IN LISTS folders)
        glovebox_targets_below(${below} more)
        list(APPEND found ${more})
    endforeach()
    set(${out} ${found} PARENT_SCOPE)
endfunction()

# A target whose one source is empty, compiled as those that use its header are.
function(glovebox_precompiled_target name)
    file(WRITE ${CMAKE_BINARY_DIR}/${name}.cpp.in "// what is compiled here are the headers\n")
    configure_file(${CMAKE_BINARY_DIR}/${name}.cpp.in ${CMAKE_BINARY_DIR}/${name}.cpp COPYONLY)
    add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE glovebox_options Boost::headers Boost::json fmt::fmt ${ARGN})
endfunction()

function(glovebox_precompile)
    if(NOT GLOVEBOX_PRECOMPILE)
        return()
    endif()
    glovebox_targets_below(${PROJECT_SOURCE_DIR} targets)
    glovebox_precompiled_target(glovebox_precompiled)
    target_precompile_headers(glovebox_precompiled PRIVATE ${glovebox_precompiled})
    glovebox_precompiled_target(glovebox_precompiled_for_tests GTest::gmock)
    target_compile_options(glovebox_precompiled_for_tests PRIVATE ${GLOVEBOX_TEST_COMPILE_OPTIONS})
    target_precompile_headers(glovebox_precompiled_for_tests
        PRIVATE ${glovebox_precompiled} <gmock/gmock.h> <gtest/gtest.h>)
    foreach(target IN LISTS targets)
        get_target_property(type ${target} TYPE)
        if(NOT type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$")
            continue()
        endif()
        get_target_property(libraries ${target} LINK_LIBRARIES)
        get_target_property(sources ${target} SOURCES)
        if(NOT "glovebox_options" IN_LIST libraries OR NOT sources MATCHES "\\.cpp")
            continue()
        endif()
        # Whoever sees Asio's headers refers to its error categories.
        if(NOT target STREQUAL "glovebox_asio")
            target_link_libraries(${target} PRIVATE glovebox_asio)
        endif()
        if("GTest::gmock" IN_LIST libraries)
            target_precompile_headers(${target} REUSE_FROM glovebox_precompiled_for_tests)
        else()
            target_precompile_headers(${target} REUSE_FROM glovebox_precompiled)
        endif()
    endforeach()
endfunction()
