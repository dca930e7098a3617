// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/pattern.h"

#include <array>
#include <optional>

#include "core/base/ascii.h"

namespace glovebox::kms::policy {
namespace {

// A part of a pattern: literals() are those of the whole, and the part begins at `first`.
struct PatternPart {
    std::string_view text;
    const std::vector<bool>& literals;
    std::size_t first = 0;

    [[nodiscard]] bool is(char wildcard, std::size_t at) const {
        return at < text.size() && text[at] == wildcard && !literals[first + at];
    }
};

// Linear in the text for each '*': on a mismatch, only the last '*' takes one character more.
template <class Equal>
bool match(const PatternPart& part, std::string_view text, Equal equal) {
    const std::string_view pattern = part.text;
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (part.is('*', p)) {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && (part.is('?', p) || equal(pattern[p], text[t]))) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (part.is('*', p))
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

bool is_same(char pattern, char text) {
    return pattern == text;
}

Pattern without_literals(std::string_view text) {
    Pattern pattern;
    pattern.append(text);
    return pattern;
}

}  // namespace

bool wildcard_match(std::string_view pattern, std::string_view text) {
    return wildcard_match(without_literals(pattern), text);
}

bool wildcard_match(const Pattern& pattern, std::string_view text) {
    return match(PatternPart{pattern.text(), pattern.literals()}, text, is_same);
}

bool wildcard_match_ignoring_case(std::string_view pattern, std::string_view text) {
    const Pattern whole = without_literals(pattern);
    return match(PatternPart{whole.text(), whole.literals()}, text,
                 [](char p, char t) { return to_lower(p) == to_lower(t); });
}

bool arn_match(std::string_view pattern, std::string_view text) {
    return arn_match(without_literals(pattern), text);
}

bool arn_match(const Pattern& pattern, std::string_view text) {
    if (pattern.text() == "*" && !pattern.literals().front())
        return true;
    const auto pattern_parts = arn_parts(pattern.text());
    const auto text_parts = arn_parts(text);
    if (!pattern_parts || !text_parts)
        return false;
    for (std::size_t i = 0; i < pattern_parts->size(); ++i) {
        const std::string_view part = (*pattern_parts)[i];
        const auto first = static_cast<std::size_t>(part.data() - pattern.text().data());
        if (!match(PatternPart{part, pattern.literals(), first}, (*text_parts)[i], is_same))
            return false;
    }
    return true;
}

}  // namespace glovebox::kms::policy
