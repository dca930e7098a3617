// SPDX-License-Identifier: Apache-2.0

// Wildcards, as the policy language has them: '*' is any run of characters, '?' any one.
#pragma once

#include <string_view>

namespace glovebox::kms::policy {

[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text);
// Of ASCII's letters only, as AWS compares.
[[nodiscard]] bool wildcard_match_ignoring_case(std::string_view pattern, std::string_view text);

// ARNs part by part: a wildcard never reaches beyond its part of the first five; the sixth is the
// rest. A text that is not an ARN matches only "*".
[[nodiscard]] bool arn_match(std::string_view pattern, std::string_view text);

}  // namespace glovebox::kms::policy
