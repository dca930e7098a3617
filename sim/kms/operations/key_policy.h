// SPDX-License-Identifier: Apache-2.0

// Checks a new key policy, for CreateKey and PutKeyPolicy.
#pragma once

#include "sim/kms/operations/access.h"

namespace glovebox::kms {

// LimitExceededException if it is too long; MalformedPolicyDocumentException if it is not a policy,
// or, unless `bypass`, if it would not allow the caller to put another policy in its place.
[[nodiscard]] Answer<void> check_new_policy(Environment& env, Call& call, const NamedKey& named,
                                            const std::string& text, bool bypass);

}  // namespace glovebox::kms
