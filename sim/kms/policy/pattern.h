// SPDX-License-Identifier: Apache-2.0

// The wildcards of the policy language: '*' matches any number of characters, '?' exactly one
// (byte).
#pragma once

#include <string_view>

namespace glovebox::kms::policy {

[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text);
// Ignores the case of ASCII letters only, as AWS does.
[[nodiscard]] bool wildcard_match_ignoring_case(std::string_view pattern, std::string_view text);

// Compares ARNs part by part: a wildcard in one of the first five parts does not match beyond it;
// the sixth part is everything after the fifth colon. A text that is not an ARN is matched by "*"
// only.
[[nodiscard]] bool arn_match(std::string_view pattern, std::string_view text);

}  // namespace glovebox::kms::policy
