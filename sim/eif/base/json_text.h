// SPDX-License-Identifier: Apache-2.0

// JSON as nitro-cli writes it, which is as serde_json does: keys in the order of the object,
// floating numbers in plain decimals, and two layouts; and how much of it is read.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "core/base/json_reader.h"

namespace glovebox::eif {

// Of any JSON in an image or its container archive: a manifest, a config, metadata.
inline constexpr JsonBudget json_budget{.bytes = 16 * 1024 * 1024};

// One line without blanks: the form of a metadata section, byte for byte. Not for a terminal.
[[nodiscard]] std::string compact_json(const boost::json::value& value);

// One string, in quotes and escaped.
[[nodiscard]] std::string in_quotes(std::string_view text);

// Indented by 2, one array element a line, `[]` and `{}` when empty: the form of stdout. Printable;
// ends without a newline.
[[nodiscard]] std::string pretty_json(const boost::json::value& value);

// The same value with the keys of every object in byte order, which is how serde_json keeps JSON
// that it does not know by name.
[[nodiscard]] boost::json::value sorted_keys(const boost::json::value& value);

}  // namespace glovebox::eif
