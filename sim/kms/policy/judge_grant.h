// SPDX-License-Identifier: Apache-2.0

// What a grant means for a request.
//
//   * It allows its grantee its operations. A constraint holds for operations that take an
//     encryption context: Equals if the context is the same, Subset if it has the pairs.
//   * A grant with the operation CreateGrant allows only grants with some of its own operations,
//     and with a constraint that is no weaker than its own.
//   * RetireGrant is allowed to the retiring principal, to a grantee with that operation, and to
//     the root user of the account that issued the grant.
#pragma once

#include <optional>
#include <string_view>

#include "sim/kms/policy/decision.h"

namespace glovebox::kms::policy {

inline constexpr std::string_view retire_grant = "kms:RetireGrant";

// Empty if the grant is for somebody else.
[[nodiscard]] std::optional<GrantFinding> judge_grant(const Grant& grant,
                                                      const AccessRequest& request);

}  // namespace glovebox::kms::policy
