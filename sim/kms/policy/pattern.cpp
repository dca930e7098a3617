// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/pattern.h"

#include <array>
#include <optional>

#include "core/base/ascii.h"

namespace glovebox::kms::policy {
namespace {

// Linear in the text for each '*': on a mismatch, only the last '*' takes one character more.
template <class Equal>
bool match(std::string_view pattern, std::string_view text, Equal equal) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || equal(pattern[p], text[t]))) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

std::optional<std::array<std::string_view, 6>> arn_parts(std::string_view text) {
    std::array<std::string_view, 6> parts;
    for (std::size_t i = 0; i < 5; ++i) {
        const auto colon = text.find(':');
        if (colon == std::string_view::npos)
            return std::nullopt;
        parts[i] = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    parts[5] = text;
    return parts;
}

}  // namespace

bool wildcard_match(std::string_view pattern, std::string_view text) {
    return match(pattern, text, [](char p, char t) { return p == t; });
}

bool wildcard_match_ignoring_case(std::string_view pattern, std::string_view text) {
    return match(pattern, text, [](char p, char t) { return to_lower(p) == to_lower(t); });
}

bool arn_match(std::string_view pattern, std::string_view text) {
    if (pattern == "*")
        return true;
    const auto pattern_parts = arn_parts(pattern);
    const auto text_parts = arn_parts(text);
    if (!pattern_parts || !text_parts)
        return false;
    for (std::size_t i = 0; i < pattern_parts->size(); ++i)
        if (!wildcard_match((*pattern_parts)[i], (*text_parts)[i]))
            return false;
    return true;
}

}  // namespace glovebox::kms::policy
