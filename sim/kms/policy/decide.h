// SPDX-License-Identifier: Apache-2.0

// Decides whether a caller may perform an action on a resource, by the key's policy and the
// caller's IAM policies.
//
//   1. An explicit Deny in any policy refuses.
//   2. In the key's own account, the request is allowed if the key policy allows the caller, or if
//      it allows the account and an IAM policy allows the caller.
//   3. From another account, both the key policy and an IAM policy have to allow it.
//   4. Without a key (CreateKey, ListKeys, GenerateRandom, an alias), an IAM policy has to allow
//      it.
//
//   5. A grant that applies allows the request, whatever the policies do not allow.
//   6. RetireGrant is allowed by the grant alone.
//
// An Allow for a role holds for its sessions. An Allow for an account's root lets that account's
// IAM policies decide, and by itself gives nothing to a user or role; a Deny for an account's root
// refuses everybody in it.
//
// Source: KMS developer guide, "Determining access to KMS keys"; IAM user guide, "Policy evaluation
// logic". Of rule 6: KMS developer guide, "AWS KMS permissions": a policy alone cannot allow it.
#pragma once

#include <vector>

#include "sim/kms/policy/decision.h"

namespace glovebox::kms::policy {

// `policies` are the caller's IAM policies and, unless rule 4 applies, the key's policy: at most
// one of kind key. `grants` are the key's. The decision has a finding for each statement and for
// each grant that is for the caller.
[[nodiscard]] Decision decide(const AccessRequest& request,
                              const std::vector<AttachedPolicy>& policies,
                              const std::vector<Grant>& grants = {});

}  // namespace glovebox::kms::policy
