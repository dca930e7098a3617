// SPDX-License-Identifier: Apache-2.0

#include "core/address/host_name.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/address/proxy_error.h"
#include "core/base/ascii.h"

namespace glovebox::core {
namespace {

constexpr std::size_t name_length_max = 253;
constexpr std::size_t label_length_max = 63;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

Error refuse_name(std::string_view text, std::string_view why) {
    return Error(ProxyError::bad_target, fmt::format("\"{}\" is not a host name: {}", text, why));
}

}  // namespace

bool ends_in_number(std::string_view text) {
    if (text.ends_with('.'))
        text.remove_suffix(1);
    const std::size_t dot = text.rfind('.');
    std::string_view last = dot == std::string_view::npos ? text : text.substr(dot + 1);
    if (last.empty())
        return false;
    if (std::all_of(last.begin(), last.end(), is_digit))
        return true;
    return (last.starts_with("0x") || last.starts_with("0X")) &&
           std::all_of(last.begin() + 2, last.end(), is_hex_digit);
}

Result<HostName> HostName::parse(std::string_view text) {
    if (ends_in_number(text))
        return refuse_name(
            text,
            "it ends in a number, so it is an address or nothing; an IPv4 address is "
            "written as four decimal numbers, for example 192.0.2.7");
    std::string_view rest = text;
    if (rest.ends_with('.'))
        rest.remove_suffix(1);
    if (rest.empty())
        return refuse_name(text, "it is empty");
    if (rest.size() > name_length_max)
        return refuse_name(text, fmt::format("it has {} characters, {} at the most were expected",
                                             rest.size(), name_length_max));
    std::string name = to_lower(rest);
    std::size_t label_start = 0;
    for (std::size_t i = 0; i <= name.size(); ++i) {
        if (i < name.size() && name[i] != '.') {
            if (!is_name_character(name[i]))
                return refuse_name(
                    text,
                    "letters, digits, '-', '_' and dots were expected; a name in another "
                    "script is written in its xn-- form");
            continue;
        }
        if (i == label_start)
            return refuse_name(text, "there is nothing between two dots");
        if (i - label_start > label_length_max)
            return refuse_name(text,
                               fmt::format("the part between two dots has {} characters at most",
                                           label_length_max));
        label_start = i + 1;
    }
    return HostName(std::move(name));
}

bool HostName::is_below(const HostName& parent) const {
    return text_.size() > parent.text_.size() + 1 && text_.ends_with(parent.text_) &&
           text_[text_.size() - parent.text_.size() - 1] == '.';
}

}  // namespace glovebox::core
