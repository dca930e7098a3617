// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/base/json_text.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <vector>

#include "core/base/json_text.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

std::string number_text(double number) {
    std::array<char, 64> text{};
    // The range in which serde_json writes no exponent.
    const double size = std::fabs(number);
    const bool plain = size == 0 || (size >= 1e-5 && size < 1e16);
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific)
                         .ptr;
    std::string result(text.data(), end);
    if (plain && result.find('.') == std::string::npos)
        result += ".0";
    return result;
}

}  // namespace

std::string in_quotes(std::string_view text) {
    return json_text(json::string(text));
}

std::string compact_json(const json::value& value) {
    return json_text(value, {.number = number_text, .quote = append_json_quote_least});
}

std::string pretty_json(const json::value& value) {
    return json_text(value, {.indented = true, .number = number_text});
}

json::value sorted_keys(const json::value& value) {
    if (const auto* array = value.if_array()) {
        json::array sorted;
        for (const auto& element : *array)
            sorted.push_back(sorted_keys(element));
        return sorted;
    }
    const auto* object = value.if_object();
    if (object == nullptr)
        return value;
    std::vector<const json::key_value_pair*> members;
    for (const auto& member : *object)
        members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return a->key() < b->key(); });
    json::object sorted;
    for (const auto* member : members)
        sorted[member->key()] = sorted_keys(member->value());
    return sorted;
}

}  // namespace glovebox::eif
