// SPDX-License-Identifier: Apache-2.0

// Whether the policies of a world's KMS keys let its enclaves in: the scene's, or AWS's own where
// the aws program can read them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/finding.h"
#include "sim/eif/format/measurement.h"
#include "sim/kms/scene.h"

namespace glovebox::nitro {

// What an enclave's attestation document will have.
struct AttestedEnclave {
    std::string label;
    eif::Measurements pcrs;
    bool debug = false;  // PCR0 to PCR2 are zero
};

struct KeyPolicy {
    std::string key;     // as a client names it: "alias/app", or an id
    std::string source;  // "the scene's policy", "AWS's policy"
    std::string text;    // JSON
};

// A finding for each key and operation that a statement with a condition on PCRs allows, where no
// enclave of the world meets it; one for each enclave in debug mode. `role_arn` is the instance's
// role; the IAM policies are those of `scene`, if it has any, and otherwise allow everything.
// Nothing about what the policies leave open: AWS decides then.
[[nodiscard]] std::vector<Finding> judge_key_policies(const std::vector<KeyPolicy>& keys,
                                                      const std::vector<AttestedEnclave>& enclaves,
                                                      const kms::Scene& scene,
                                                      const std::string& role_arn);

// The policies of the scene's keys, by `aws kms describe-key` and `get-key-policy`; without the
// program, or where it may not read one, the scene's. `findings` says which.
[[nodiscard]] std::vector<KeyPolicy> read_key_policies(const kms::Scene& scene,
                                                       const std::string& region,
                                                       std::vector<Finding>& findings);

}  // namespace glovebox::nitro
