// Wildcards and case, as the policy language has them: '*' is any run of characters, '?' any one.
#pragma once

#include <string>
#include <string_view>

namespace glovebox::kms::policy {

// ASCII only, as AWS compares.
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text);
[[nodiscard]] bool wildcard_match_ignoring_case(std::string_view pattern, std::string_view text);

// ARNs part by part: a wildcard never reaches beyond its part of the first five; the sixth is the
// rest. A text that is no ARN matches only "*".
[[nodiscard]] bool arn_match(std::string_view pattern, std::string_view text);

}  // namespace glovebox::kms::policy
