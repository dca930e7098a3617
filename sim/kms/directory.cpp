// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/directory.h"

#include <fmt/core.h>

#include <algorithm>

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

void Directory::set_tags(std::string_view entity_arn, std::map<std::string, std::string> tags) {
    tags_[std::string(entity_arn)] = std::move(tags);
}

const std::map<std::string, std::string>& Directory::tags_of(const iam::Principal& caller) const {
    const auto found = tags_.find(caller.entity_arn);
    return found == tags_.end() ? no_tags_ : found->second;
}

bool Directory::exists(std::string_view principal_arn) const {
    const auto arn = iam::parse_arn(principal_arn);
    if (administrators_by_default_ || !arn || arn->account != account_ || arn->resource == "root")
        return true;
    if (arn->service == "iam")
        return by_entity_.contains(principal_arn);
    // arn:aws:sts::A:assumed-role/<role's name without its path>/<session>
    constexpr std::string_view assumed = "assumed-role/";
    if (!arn->resource.starts_with(assumed))
        return true;  // a federated user: IAM knows no entity of it
    const std::string role = arn->resource.substr(
        assumed.size(), arn->resource.find('/', assumed.size()) - assumed.size());
    return std::any_of(by_entity_.begin(), by_entity_.end(), [&role](const auto& entity) {
        const std::string& entity_arn = entity.first;
        return entity_arn.find(":role/") != std::string::npos &&
               entity_arn.substr(entity_arn.rfind('/') + 1) == role;
    });
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
