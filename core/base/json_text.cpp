// SPDX-License-Identifier: Apache-2.0

#include "core/base/json_text.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/base/hex_digits.h"
#include "core/base/printable.h"

namespace glovebox {
namespace json = boost::json;

namespace {

constexpr char32_t replacement = 0xfffd;

// Beyond the first 65,536 characters JSON's escapes are UTF-16's surrogates.
void append_escape(std::string& out, char32_t character) {
    const auto append = [&out](unsigned unit) {
        out += "\\u";
        append_hex(out, static_cast<std::uint8_t>(unit >> 8));
        append_hex(out, static_cast<std::uint8_t>(unit));
    };
    if (character < 0x10000)
        return append(character);
    append(0xd800 + (character - 0x10000) / 0x400);
    append(0xdc00 + (character - 0x10000) % 0x400);
}

using Predicate = bool (*)(char32_t);

void append_character(std::string& out, char32_t character, std::string_view bytes,
                      Predicate stays) {
    switch (character) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            if (stays(character))
                out += bytes;
            else
                append_escape(out, character);
    }
}

// What every style writes as it is.
bool is_plain(char c) {
    return is_printable_ascii(c) && c != '"' && c != '\\';
}

void append_quoted(std::string& out, std::string_view text, Predicate stays) {
    out += '"';
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(
            std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty())
            break;
        const auto [bytes, character] = first_character(text);
        if (character)
            append_character(out, *character, text.substr(0, bytes), stays);
        else
            append_escape(out, replacement);
        text.remove_prefix(bytes);
    }
    out += '"';
}

class Writer {
  public:
    explicit Writer(const JsonStyle& style) : style_(style) {}

    void write(const json::value& value) {
        if (const auto* object = value.if_object()) {
            std::size_t left = object->size();
            open('{', left);
            for (const auto& member : *object) {
                style_.quote(out_, member.key());
                out_ += style_.indented ? ": " : ":";
                write(member.value());
                next(--left);
            }
            close('}', object->empty());
        } else if (const auto* array = value.if_array()) {
            std::size_t left = array->size();
            open('[', left);
            for (const auto& element : *array) {
                write(element);
                next(--left);
            }
            close(']', array->empty());
        } else if (const auto* text = value.if_string()) {
            style_.quote(out_, *text);
        } else if (value.is_double() && style_.number != nullptr) {
            out_ += style_.number(value.get_double());
        } else {
            out_ += json::serialize(value);
        }
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    void open(char bracket, std::size_t elements) {
        out_ += bracket;
        ++depth_;
        if (elements != 0)
            line();
    }
    void next(std::size_t left) {
        if (left != 0) {
            out_ += ',';
            line();
        }
    }
    void close(char bracket, bool empty) {
        --depth_;
        if (!empty)
            line();
        out_ += bracket;
    }
    void line() {
        if (style_.indented)
            out_.append(1, '\n').append(2 * depth_, ' ');
    }

    const JsonStyle& style_;
    std::size_t depth_ = 0;
    std::string out_;
};

}  // namespace

void append_json_quote(std::string& out, std::string_view text) {
    append_quoted(out, text, is_printable);
}

void append_json_quote_least(std::string& out, std::string_view text) {
    append_quoted(out, text, [](char32_t character) { return character >= 0x20; });
}

std::string json_quote(std::string_view text) {
    std::string out;
    append_json_quote(out, text);
    return out;
}

std::string json_quote_least(std::string_view text) {
    std::string out;
    append_json_quote_least(out, text);
    return out;
}

std::string json_text(const json::value& value, const JsonStyle& style) {
    Writer writer(style);
    writer.write(value);
    return writer.take();
}

std::string json_document(const json::value& value) {
    return json_text(value, {.indented = true}) + "\n";
}

}  // namespace glovebox
