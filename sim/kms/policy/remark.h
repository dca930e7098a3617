// SPDX-License-Identifier: Apache-2.0

// What a person who knows Nitro would say on seeing a condition: "PCR0 is all zero: the enclave
// runs in debug mode", "it differs in case alone".
#pragma once

#include <string>

#include "sim/kms/policy/condition.h"
#include "sim/kms/policy/decision.h"

namespace glovebox::kms::policy {

// Empty when there is nothing to say that expected and actual don't say.
[[nodiscard]] std::string remark_on(const ConditionFinding& finding, const ConditionOperator& op,
                                    const AccessRequest& request);

// "kms:RecipientAttestation:ImageSha384" or ":PCR<n>", in any case.
[[nodiscard]] bool is_attestation_key(std::string_view key);

}  // namespace glovebox::kms::policy
