# SPDX-License-Identifier: Apache-2.0
# Compiles by ccache where it is installed. -DGLOVEBOX_CCACHE=OFF compiles without; a launcher that is named by
# CMAKE_<LANG>_COMPILER_LAUNCHER (variable or environment) stays as it is, and so does an empty one.
option(GLOVEBOX_CCACHE "Compile by ccache where it is installed" ON)

if(GLOVEBOX_CCACHE)
    find_program(GLOVEBOX_CCACHE_PROGRAM ccache)
    mark_as_advanced(GLOVEBOX_CCACHE_PROGRAM)
    if(GLOVEBOX_CCACHE_PROGRAM)
        foreach(language C CXX)
            if(NOT DEFINED CMAKE_${language}_COMPILER_LAUNCHER)
                set(CMAKE_${language}_COMPILER_LAUNCHER ${GLOVEBOX_CCACHE_PROGRAM})
            endif()
        endforeach()
    endif()
endif()
