// SPDX-License-Identifier: Apache-2.0

// JSON as nitro-cli writes it, that is, as Rust's serde_json does: keys in the order of the object,
// floating-point numbers in plain decimals, in two layouts.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "core/base/json_reader.h"

namespace glovebox::eif {

// The limit for reading any JSON of an image or a container archive: a manifest, a config,
// metadata.
inline constexpr JsonBudget json_budget{.bytes = 16 * 1024 * 1024};

// One line without blanks, the form of a metadata section, byte for byte. Not for a terminal: it
// escapes only the characters that JSON requires.
[[nodiscard]] std::string compact_json(const boost::json::value& value);

// A string as JSON: in quotes, escaped.
[[nodiscard]] std::string in_quotes(std::string_view text);

// The form of nitro-cli's standard output: indented by 2, one array element a line, `[]` and `{}`
// when empty. Safe for a terminal; ends without a newline.
[[nodiscard]] std::string pretty_json(const boost::json::value& value);

// A copy with the keys of every object in byte order: serde_json keeps objects without a Rust type
// so.
[[nodiscard]] boost::json::value sorted_keys(const boost::json::value& value);

}  // namespace glovebox::eif
