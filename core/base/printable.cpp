// SPDX-License-Identifier: Apache-2.0

#include "core/base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/locale/utf.hpp>
#include <iterator>
#include <utility>

#include "core/base/hex_digits.h"

namespace glovebox {
namespace {

// Categories Cc, Cf, Zl and Zp, Default_Ignorable_Code_Point and noncharacters, in order.
constexpr std::array<std::pair<char32_t, char32_t>, 44> unprintable{{
    {0x0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
    {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
    {0x890, 0x891},     {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},
    {0x110cd, 0x110cd}, {0x13430, 0x13438}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff}, {0x3fffe, 0x3ffff}, {0x4fffe, 0x4ffff},
    {0x5fffe, 0x5ffff}, {0x6fffe, 0x6ffff}, {0x7fffe, 0x7ffff}, {0x8fffe, 0x8ffff},
    {0x9fffe, 0x9ffff}, {0xafffe, 0xaffff}, {0xbfffe, 0xbffff}, {0xcfffe, 0xcffff},
    {0xdfffe, 0xe0fff}, {0xefffe, 0xeffff}, {0xffffe, 0xfffff}, {0x10fffe, 0x10ffff},
}};

void append_escape(std::string& out, char byte) {
    out += "\\x";
    append_hex(out, static_cast<std::uint8_t>(byte));
}

std::string escape_all_but(std::string_view kept, std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(
            std::find_if_not(text.begin(), text.end(), is_printable_ascii) - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty())
            break;
        const auto [bytes, character] = first_character(text);
        if (!character)
            append_escape(out, text[0]);
        else if (is_printable(*character) || (bytes == 1 && kept.find(text[0]) != kept.npos))
            out += text.substr(0, bytes);
        else if (bytes == 1)
            append_escape(out, text[0]);
        else
            fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}",
                           static_cast<unsigned>(*character));
        text.remove_prefix(bytes);
    }
    return out;
}

}  // namespace

bool is_printable(char32_t character) {
    const auto range = std::lower_bound(
        unprintable.begin(), unprintable.end(), character,
        [](const std::pair<char32_t, char32_t>& one, char32_t c) { return one.second < c; });
    return range == unprintable.end() || character < range->first;
}

FirstCharacter first_character(std::string_view text) {
    namespace utf = boost::locale::utf;
    const auto* at = text.begin();
    const utf::code_point found = utf::utf_traits<char>::decode(at, text.end());
    if (found == utf::illegal || found == utf::incomplete)
        return {1, std::nullopt};
    return {static_cast<std::size_t>(at - text.begin()), found};
}

std::string printable(std::string_view text) {
    return escape_all_but("", text);
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find_first_of("\"\\", begin), text.size());
        out += printable(text.substr(begin, end - begin));
        if (end < text.size())
            out.append(1, '\\').append(1, text[end]);
        begin = end + 1;
    }
    return out + '"';
}

std::string printable_lines(std::string_view text) {
    return escape_all_but("\n\t", text);
}

std::string cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max)
        return std::string(text);
    std::size_t end = bytes_max;
    // A character of UTF-8 has at most three bytes that continue it.
    for (int back = 0;
         back < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; ++back)
        --end;
    return fmt::format("{}... ({} bytes)", text.substr(0, end), text.size());
}

std::string shown(std::string_view text, std::size_t bytes_max) {
    return printable(cut(text, bytes_max));
}

}  // namespace glovebox
