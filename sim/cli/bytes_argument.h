// SPDX-License-Identifier: Apache-2.0

// Byte strings as the command line takes them, and files of them.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox::cli {

// What BYTES means in every --help: hexadecimal, "text:WORDS" for the words themselves, or "@FILE"
// for a file's content ("@-" for standard input).
[[nodiscard]] Result<Bytes> read_bytes_argument(std::string_view argument);
// Whether it can be one, without opening a file: empty, or what is wrong. For CLI11's check().
[[nodiscard]] std::string check_bytes_argument(const std::string& argument);
inline constexpr const char* bytes_help = "hexadecimal, text:WORDS or @FILE";

// A file's whole content, up to `limit` bytes; "-" is standard input.
[[nodiscard]] Result<Bytes> read_file(const std::string& path, std::size_t limit);

// Writes a file anew; "-" is standard output.
[[nodiscard]] Result<void> write_file(const std::string& path, BytesView content);

[[nodiscard]] std::string to_base64(BytesView bytes);
// Standard or URL-safe alphabet, padding optional, white space ignored.
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

// Bytes that were written down as hexadecimal or base64, or that are themselves: what mail, logs
// and JSON make of an attestation document. `content` is taken as it is when it is not text.
[[nodiscard]] Result<Bytes> decode_text_form(BytesView content);

}  // namespace glovebox::cli
