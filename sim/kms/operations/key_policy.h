// SPDX-License-Identifier: Apache-2.0

// The check of a new key policy, for CreateKey and PutKeyPolicy.
#pragma once

#include "sim/kms/operations/access.h"

namespace glovebox::kms {

// MalformedPolicyDocumentException when it is not a policy, LimitExceededException when it is too
// long, and, unless `bypass`, MalformedPolicyDocumentException when the caller could not put
// another policy in its place.
[[nodiscard]] Answer<void> check_new_policy(Environment& env, Call& call, const NamedKey& named,
                                            const std::string& text, bool bypass);

}  // namespace glovebox::kms
