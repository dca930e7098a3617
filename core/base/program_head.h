// SPDX-License-Identifier: Apache-2.0

// What a program file needs besides itself: the interpreter of a script, the loader of a program
// that is linked dynamically. Where it is missing, the kernel reports the program as missing
// (ENOENT).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox {

// The part of a file that read_program_head reads.
inline constexpr std::size_t program_head_bytes = 4096;

struct ProgramHead {
    std::string
        interpreter;  // as the kernel reads it, a trailing CR included; empty: none is needed
    bool is_script = false;
    bool has_carriage_return = false;  // a script whose first line ends in CR LF
};

// Reads the beginning of a file: a script's first line (binfmt_script.c), or the PT_INTERP of a
// little-endian 64-bit ELF file (elf(5)). Bytes that are neither need no interpreter.
[[nodiscard]] ProgramHead read_program_head(BytesView start);

// Why the program `path` can't start; empty if nothing is wrong with its head. `exists`: whether a
// path is there; `place`: where that is ("in the image").
[[nodiscard]] std::string explain_program_head(
    const ProgramHead& head, std::string_view path,
    const std::function<bool(const std::string&)>& exists, std::string_view place);

}  // namespace glovebox
