// SPDX-License-Identifier: Apache-2.0

// The IAM policies of each user and role.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kms/policy/decision.h"

namespace glovebox::kms {

// A policy as text, which goes into the trace, and parsed.
struct NamedPolicy {
    std::string text;
    policy::AttachedPolicy attached;
};

class Directory {
  public:
    // Until require_entries() is called, users and roles of `account` that were not added have an
    // administrator's policy: without a configuration, only the keys' policies are tested. The
    // account's root user always has it, unless it was added.
    explicit Directory(std::string account);
    void require_entries() { administrators_by_default_ = false; }

    // Adds a user or role that has no policy yet.
    void add_entity(std::string_view entity_arn);
    // Adds an identity policy in JSON; explanations call it `name`. The error is that of
    // parse_policy.
    [[nodiscard]] Result<void> add_policy(std::string_view entity_arn, std::string_view name,
                                          std::string_view text);

    // The tags of a user or role, aws:PrincipalTag/<name>.
    void set_tags(std::string_view entity_arn, std::map<std::string, std::string> tags);
    // Those of a session are its role's.
    [[nodiscard]] const std::map<std::string, std::string>& tags_of(
        const iam::Principal& caller) const;

    // Whether a principal of a policy exists: an account's root; a user or role that was added, or
    // a session of one; any ARN of another account, whose entries are unknown here. Until
    // require_entries() is called, every principal exists.
    [[nodiscard]] bool exists(std::string_view principal_arn) const;

    // A session has the policies of its role. Empty for callers of other accounts that were not
    // added. The reference is valid until the next add.
    [[nodiscard]] const std::vector<NamedPolicy>& policies_of(const iam::Principal& caller) const;

  private:
    std::string account_;
    bool administrators_by_default_ = true;
    std::map<std::string, std::vector<NamedPolicy>, std::less<>> by_entity_;
    std::map<std::string, std::map<std::string, std::string>, std::less<>> tags_;
    std::map<std::string, std::string> no_tags_;
    std::vector<NamedPolicy> administrator_;
    std::vector<NamedPolicy> none_;
};

}  // namespace glovebox::kms
