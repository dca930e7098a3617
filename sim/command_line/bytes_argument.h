// SPDX-License-Identifier: Apache-2.0

// Byte strings as the command line takes them, and files of them.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox::command_line {

// What BYTES means in every --help: hexadecimal, "text:WORDS" for the words themselves, or "@FILE"
// for a file's content ("@-" for standard input).
[[nodiscard]] Result<Bytes> read_bytes_argument(std::string_view argument);
// Whether it can be one, without opening a file: empty, or what is wrong. For Option::check.
[[nodiscard]] std::string check_bytes_argument(const std::string& argument);

// A file's whole content, up to `limit` bytes; "-" is standard input.
[[nodiscard]] Result<Bytes> read_file(const std::string& path, std::size_t limit);

// Writes a file anew; "-" is standard output.
[[nodiscard]] Result<void> write_file(const std::string& path, BytesView content);

}  // namespace glovebox::command_line
