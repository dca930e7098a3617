// SPDX-License-Identifier: Apache-2.0

// May this caller do this with this resource? The decision over a key's policy and the caller's IAM
// policies, together with everything that led to it.
//
//   1. An explicit Deny anywhere refuses.
//   2. In the key's own account: the key policy allows the caller, or it allows the account and an
//      IAM policy allows the caller.
//   3. From another account: the key policy and an IAM policy must both allow.
//   4. Where there is no key (CreateKey, ListKeys, GenerateRandom, an alias): an IAM policy allows.
//
// An Allow for a role holds for its sessions. A statement for an account's root lets that account's
// IAM policies decide and gives no user or role anything by itself.
//
// Source: KMS developer guide, "Determining access to KMS keys"; IAM user guide, "Policy evaluation
// logic".
#pragma once

#include <vector>

#include "sim/kms/policy/decision.h"

namespace glovebox::kms::policy {

// `policies` has at most one of kind key, the key's; none means rule 4.
[[nodiscard]] Decision decide(const AccessRequest& request,
                              const std::vector<AttachedPolicy>& policies);

}  // namespace glovebox::kms::policy
