// SPDX-License-Identifier: Apache-2.0

// Which IAM policies hang on which user or role.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kms/policy/decision.h"

namespace glovebox::kms {

// A policy as text and as it was understood; the text goes into the trace.
struct NamedPolicy {
    std::string text;
    policy::AttachedPolicy attached;
};

class Directory {
  public:
    // Users and roles of `account` that were never added have an administrator's policy, until
    // require_entries(): without a configuration it is the keys' policies that are tested. The
    // account's root user has it always.
    explicit Directory(std::string account);
    void require_entries() { administrators_by_default_ = false; }

    // A user or role without a policy of its own.
    void add_entity(std::string_view entity_arn);
    // `name` is what explanations call it. The error is the policy's.
    [[nodiscard]] Result<void> add_policy(std::string_view entity_arn, std::string_view name,
                                          std::string_view text);

    [[nodiscard]] const std::vector<NamedPolicy>& policies_of(const iam::Principal& caller) const;

  private:
    std::string account_;
    bool administrators_by_default_ = true;
    std::map<std::string, std::vector<NamedPolicy>, std::less<>> by_entity_;
    std::vector<NamedPolicy> administrator_;
    std::vector<NamedPolicy> none_;
};

}  // namespace glovebox::kms
