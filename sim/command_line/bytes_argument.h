// SPDX-License-Identifier: Apache-2.0

// Byte strings on the command line, and files of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox::command_line {

// Reads BYTES, as every --help calls it: hexadecimal, "text:WORDS" for the words themselves, or
// "@FILE" for a file's content, at most 64 KiB ("@-" for standard input).
[[nodiscard]] Result<Bytes> read_bytes_argument(std::string_view argument);
// For Option::check: empty if the argument can be one, otherwise the mistake. Opens no file.
[[nodiscard]] std::string check_bytes_argument(const std::string& argument);

// A file's whole content; "-" is standard input. An error if it has more than `limit` bytes.
[[nodiscard]] Result<Bytes> read_file(const std::string& path, std::size_t limit);

// Writes a file, which replaces its content; "-" is standard output.
[[nodiscard]] Result<void> write_file(const std::string& path, BytesView content);
// The same piece by piece, until `next` gives none.
[[nodiscard]] Result<void> write_file(const std::string& path,
                                      const std::function<std::optional<std::string>()>& next);

}  // namespace glovebox::command_line
