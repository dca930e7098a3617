// SPDX-License-Identifier: Apache-2.0

// Hints at the likely reason why a condition was not met, from knowledge of Nitro: "PCR0 is all
// zero: the enclave runs in debug mode", "it differs in case alone".
#pragma once

#include <string>

#include "sim/kms/policy/condition.h"
#include "sim/kms/policy/decision.h"

namespace glovebox::kms::policy {

// Empty if the expected and the actual value say enough.
[[nodiscard]] std::string remark_on(const ConditionFinding& finding, const ConditionOperator& op,
                                    const AccessRequest& request);

// What a condition means that tests a key or a variable which is not emulated.
[[nodiscard]] std::string remark_on_unknown(std::string_view key, Effect effect);

// Whether it is kms:RecipientAttestation:ImageSha384 or :PCR<n>, in any case.
[[nodiscard]] bool is_attestation_key(std::string_view key);

}  // namespace glovebox::kms::policy
