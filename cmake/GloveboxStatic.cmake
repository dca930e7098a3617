# SPDX-License-Identifier: Apache-2.0
# GLOVEBOX_STATIC: the program needs no shared library of the machine (ci/package). Archives of the distribution are linked, and
# those of build/static-libraries, which ci/package builds where the distribution has none.
#
# glovebox_find_archives(): before the libraries are sought. glovebox_complete_archives(): after that.
#
# glovebox_prefer_archive(TARGET LIBRARY [NEEDED...]): for the other builds. Links an archive in place of the shared library where
# the distribution has it, and what it needs. Each shared library takes every start of the program about 0.1 ms, and Debian's
# libarchive needs eight more, for formats that Glovebox does not read. OpenSSL stays shared: its updates are urgent.

macro(glovebox_find_archives)
    list(PREPEND CMAKE_PREFIX_PATH ${PROJECT_SOURCE_DIR}/build/static-libraries)
    set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
    set(OPENSSL_USE_STATIC_LIBS ON)
    set(Boost_USE_STATIC_LIBS ON)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    # The same program in whichever folder it is built: no path of it in the text of an assertion or a source location.
    foreach(language IN ITEMS C CXX)
        string(APPEND CMAKE_${language}_FLAGS " -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
    endforeach()
    # Not -static: without the index of -static-pie the first exception sorts all unwind tables, 10 ms.
    string(APPEND CMAKE_EXE_LINKER_FLAGS " -static-pie")
    # A static-pie program with a DT_RUNPATH crashes before main.
    set(CMAKE_SKIP_BUILD_RPATH ON)
endmacro()

function(glovebox_complete_archives)
    # Debian's package has the archive, but its CMake files name the shared library.
    find_library(glovebox_yaml_cpp_archive yaml-cpp REQUIRED)
    foreach(configuration IN ITEMS "" _NONE _RELEASE)
        set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION${configuration} ${glovebox_yaml_cpp_archive})
    endforeach()
    # What libarchive's formats use; a shared library names these itself. Paths, since CMake may put a target before libarchive.
    foreach(name IN ITEMS zstd lz4 bz2 lzma z crypto)
        find_library(glovebox_${name}_archive ${name} REQUIRED)
        target_link_libraries(PkgConfig::libarchive INTERFACE ${glovebox_${name}_archive})
    endforeach()
endfunction()

function(glovebox_prefer_archive target library)
    if(GLOVEBOX_STATIC OR NOT GLOVEBOX_PREFER_ARCHIVES)
        return()
    endif()
    find_library(glovebox_preferred_${library} lib${library}.a)
    set(libraries ${glovebox_preferred_${library}})
    if(ARGN)
        # Tests write archives, and libarchive's writer needs libraries that the program does not. The shared library of the same
        # package needs all of them, so they are here, if only by the names that programs load.
        get_filename_component(folder "${glovebox_preferred_${library}}" DIRECTORY)
        list(APPEND libraries -Wl,--push-state,--as-needed)
        foreach(needed IN LISTS ARGN)
            string(REPLACE "/usr/lib/" "/lib/" root_folder "${folder}")
            file(GLOB names ${folder}/lib${needed}.so* ${root_folder}/lib${needed}.so*)
            list(APPEND names NOTFOUND)
            list(GET names 0 first)
            list(APPEND libraries ${first})
        endforeach()
        list(APPEND libraries -Wl,--pop-state)
    endif()
    if(NOT "${libraries}" MATCHES "NOTFOUND")
        set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${libraries}")
    endif()
endfunction()
