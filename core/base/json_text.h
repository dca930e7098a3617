// SPDX-License-Identifier: Apache-2.0

// JSON as Glovebox writes it: always valid UTF-8, and printable. What printable() would escape is
// written as \uXXXX, which every reader takes for the character itself; a byte that is not UTF-8
// can't stand in JSON and becomes U+FFFD.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace glovebox {

// A text with its quotes.
[[nodiscard]] std::string json_quote(std::string_view text);

// The same with only the escapes that JSON requires, for a file whose bytes have to equal those of
// another program. Not for a terminal.
[[nodiscard]] std::string json_quote_least(std::string_view text);

// The same at the end of `out`.
void append_json_quote(std::string& out, std::string_view text);
void append_json_quote_least(std::string& out, std::string_view text);

struct JsonStyle {
    // Indented by 2, one element a line, "[]" and "{}" when empty, without a line feed at the end.
    bool indented = false;
    // How a number with a fraction is written; null for boost::json's own way.
    std::string (*number)(double) = nullptr;
    // How a text is written, with its quotes.
    void (*quote)(std::string& out, std::string_view) = append_json_quote;
};

[[nodiscard]] std::string json_text(const boost::json::value& value, const JsonStyle& style = {});

// What a command prints with --json: indented, with a line feed at the end.
[[nodiscard]] std::string json_document(const boost::json::value& value);

}  // namespace glovebox
