// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/directory.h"

#include <fmt/core.h>

namespace glovebox::kms {
namespace {

Result<NamedPolicy> parse(std::string_view name, std::string_view text) {
    auto policy = policy::parse_policy(text, policy::PolicyKind::identity);
    if (!policy)
        return policy.error().in(fmt::format("IAM policy \"{}\"", name));
    return NamedPolicy{std::string(text),
                       {fmt::format("the IAM policy \"{}\"", name), policy::PolicyKind::identity,
                        std::move(*policy)}};
}

}  // namespace

Directory::Directory(std::string account) : account_(std::move(account)) {
    administrator_.push_back(parse("AdministratorAccess (glovebox's default)",
                                   R"({"Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})")
                                 .value());
}

void Directory::add_entity(std::string_view entity_arn) {
    by_entity_[std::string(entity_arn)];
}

Result<void> Directory::add_policy(std::string_view entity_arn, std::string_view name,
                                   std::string_view text) {
    auto policy = parse(name, text);
    if (!policy)
        return policy.error();
    by_entity_[std::string(entity_arn)].push_back(std::move(*policy));
    return {};
}

const std::vector<NamedPolicy>& Directory::policies_of(const iam::Principal& caller) const {
    if (const auto found = by_entity_.find(caller.entity_arn); found != by_entity_.end())
        return found->second;
    // The account's root user has every permission of IAM, whatever the scene says; the keys'
    // policies still apply.
    const bool administrator =
        caller.account == account_ &&
        (administrators_by_default_ || caller.kind == iam::Principal::Kind::root);
    return administrator ? administrator_ : none_;
}

}  // namespace glovebox::kms
