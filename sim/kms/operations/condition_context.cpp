// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/operations/condition_context.h"

#include <fmt/core.h>

#include <string>
#include <vector>

#include "sim/kms/api_error.h"

namespace glovebox::kms {
namespace {

std::string spelled(bool value) {
    return value ? "true" : "false";
}

void add_caller(policy::RequestContext& context, const Environment& env, const Call& call) {
    const iam::Principal& caller = call.caller;
    context.set("aws:PrincipalArn", caller.entity_arn);
    context.set("aws:PrincipalAccount", caller.account);
    context.set("aws:PrincipalIsAWSService", spelled(false));
    context.set("aws:PrincipalType", caller.kind == iam::Principal::Kind::root   ? "Account"
                                     : caller.kind == iam::Principal::Kind::user ? "User"
                                                                                 : "AssumedRole");
    context.set("aws:userid", iam::unique_id(caller));
    if (caller.kind == iam::Principal::Kind::user)
        context.set("aws:username", caller.arn.substr(caller.arn.rfind('/') + 1));
    for (const auto& [name, value] : env.directory.tags_of(caller))
        context.set("aws:PrincipalTag/" + name, value);
    context.set("kms:CallerAccount", caller.account);
    if (!caller.delivery) {
        context.set("aws:Ec2InstanceSourceVpc", std::vector<std::string>());
        context.set("aws:Ec2InstanceSourcePrivateIPv4", std::vector<std::string>());
        return;
    }
    context.set("aws:TokenIssueTime", format_time(caller.delivery->issued));
    context.set("aws:MultiFactorAuthPresent", spelled(false));
    context.set("ec2:RoleDelivery", caller.delivery->imds_version);
    context.set("ec2:SourceInstanceArn",
                fmt::format("arn:{}:ec2:{}:{}:instance/{}", iam::partition_of(env.region),
                            env.region, caller.account, caller.session_name));
}

void add_http(policy::RequestContext& context, const http::Request& request) {
    context.set("aws:SourceIp", request.remote_address);
    context.set("aws:SecureTransport", spelled(!request.tls_version.empty()));
    if (const auto agent = request.header("User-Agent"))
        context.set("aws:UserAgent", std::string(*agent));
    if (const auto referer = request.header("Referer"))
        context.set("aws:referer", std::string(*referer));
}

}  // namespace

policy::RequestContext context_of(const Environment& env, const Call& call) {
    policy::RequestContext context;
    add_caller(context, env, call);
    add_http(context, call.http);
    context.set("aws:ViaAWSService", spelled(false));
    context.set("aws:CurrentTime", format_time(call.now));
    context.set("aws:EpochTime",
                std::to_string(
                    std::chrono::floor<std::chrono::seconds>(call.now.time_since_epoch()).count()));
    context.set("aws:RequestedRegion", env.region);
    context.set("aws:ResourceAccount", env.account);
    const std::string_view name = call.operation.name;
    if (name != "DisableKey" && name != "ScheduleKeyDeletion")
        context.set("kms:TrailingDaysWithoutKeyUsage", std::vector<std::string>());
    if (name == "CreateGrant" || name == "ListGrants" || name == "RevokeGrant")
        context.set("kms:GrantIsForAWSResource", spelled(false));
    return context;
}

void add_key_properties(policy::RequestContext& context, std::string_view region, const Key& key) {
    context.set("kms:KeySpec", key.spec);
    context.set("kms:CustomerMasterKeySpec", key.spec);
    context.set("kms:KeyUsage", key.usage);
    context.set("kms:CustomerMasterKeyUsage", key.usage);
    context.set("kms:KeyOrigin", key.origin);
    context.set("kms:MultiRegion", spelled(key.multi_region));
    if (key.multi_region)
        context.set("kms:MultiRegionKeyType", key.primary_region == region ? "PRIMARY" : "REPLICA");
}

Answer<void> add_key(const Environment& env, policy::RequestContext& context,
                     const NamedKey& named) {
    const Key& key = named.key;
    add_key_properties(context, env.region, key);
    for (const auto& [name, value] : key.tags)
        context.set("aws:ResourceTag/" + name, value);
    if (!named.alias.empty())
        context.set("kms:RequestAlias", named.alias);
    constexpr std::size_t aliases_max = 100;
    const auto aliases = env.keys.list_aliases(key.id, "", aliases_max);
    if (!aliases)
        return internal_error(aliases.error().message);
    std::vector<std::string> names;
    for (const Alias& alias : *aliases)
        names.push_back(alias.name);
    context.set("kms:ResourceAliases", std::move(names));
    return {};
}

void add_encryption_context(policy::RequestContext& context, const EncryptionContext& values) {
    std::vector<std::string> names;
    for (const auto& [name, value] : values) {
        context.set("kms:EncryptionContext:" + name, value);
        names.push_back(name);
    }
    if (!names.empty())
        context.set("kms:EncryptionContextKeys", std::move(names));
}

void add_request_tags(policy::RequestContext& context, const Tags& tags) {
    std::vector<std::string> names;
    for (const auto& [name, value] : tags) {
        context.set("aws:RequestTag/" + name, value);
        names.push_back(name);
    }
    context.set("aws:TagKeys", std::move(names));
}

}  // namespace glovebox::kms
