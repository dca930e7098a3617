// SPDX-License-Identifier: Apache-2.0

// The wildcards of the policy language: '*' matches any number of characters, '?' exactly one
// (byte).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glovebox::kms::policy {

// A text of a policy, in which some characters may stand for themselves: ${*} is a '*' that matches
// '*' alone.
class Pattern {
  public:
    void append(std::string_view text) { add(text, false); }
    void append_literal(std::string_view text) { add(text, true); }

    [[nodiscard]] const std::string& text() const { return text_; }
    // One for each byte of text().
    [[nodiscard]] const std::vector<bool>& literals() const { return literals_; }

  private:
    void add(std::string_view text, bool literal) {
        text_ += text;
        literals_.insert(literals_.end(), text.size(), literal);
    }

    std::string text_;
    std::vector<bool> literals_;
};

[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text);
[[nodiscard]] bool wildcard_match(const Pattern& pattern, std::string_view text);
// Ignores the case of ASCII letters only, as AWS does.
[[nodiscard]] bool wildcard_match_ignoring_case(std::string_view pattern, std::string_view text);

// Compares ARNs part by part: a wildcard in one of the first five parts does not match beyond it;
// the sixth part is everything after the fifth colon. A text that is not an ARN is matched by "*"
// only.
[[nodiscard]] bool arn_match(std::string_view pattern, std::string_view text);
[[nodiscard]] bool arn_match(const Pattern& pattern, std::string_view text);

}  // namespace glovebox::kms::policy
