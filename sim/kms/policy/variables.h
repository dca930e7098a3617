// SPDX-License-Identifier: Apache-2.0

// Variables of the environment in a scene's policies, such as the PCR0 of a program that was just
// built: `"kms:RecipientAttestation:ImageSha384": "${PCR0}"`.
//
// Only ${NAME} is one, with a name of letters, digits and underscores. IAM's own policy variables
// never look like that: they have a colon, as ${aws:username}, or are ${*}, ${?} and ${$}
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html). They stay
// as they are and are judged with each request.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::kms::policy {

// The value of a variable, or nothing where it is not set.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

// The policy, which is JSON, with the variables of its strings replaced; the same text if it has
// none. The error names a variable that is not set.
[[nodiscard]] Result<std::string> replace_variables(const std::string& policy,
                                                    const Lookup& lookup);

}  // namespace glovebox::kms::policy
