// SPDX-License-Identifier: Apache-2.0

// ReplicateKey: a copy of a multi-Region key in another Region. A KMS of that Region with the same
// state has it.
#include <fmt/core.h>

#include <algorithm>

#include "nsm-mock/pki/certificate_authority.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/key_metadata.h"
#include "sim/kms/operations/key_policy.h"
#include "sim/kms/operations/tags.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

Answer<void> check_primary(const Environment& env, const NamedKey& named,
                           const std::string& region) {
    if (!named.key.multi_region || named.key.primary_region != env.region)
        return api_error("UnsupportedOperationException",
                         fmt::format("{} is not a multi-Region primary key.", named.arn));
    if (!nsm::is_region(region) || iam::partition_of(region) != iam::partition_of(env.region))
        return validation_error(fmt::format("ReplicaRegion {} is not a Region of the partition {}.",
                                            region, iam::partition_of(env.region)));
    return {};
}

}  // namespace

Answer<json::object> replicate_key(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const std::string region = input.required_text("ReplicaRegion", Range{1, 32});
    const auto policy = input.text("Policy", Range{1, 131072});
    const std::string description = input.text("Description", Range{0, 8192}).value_or("");
    const bool bypass = input.flag("BypassPolicyLockoutSafetyCheck");
    const auto tags = read_tags(input);
    if (auto error = input.error())
        return *error;
    if (!tags)
        return tags.error();
    call.request_parameters = {{"keyId", reference}, {"replicaRegion", region}};
    const auto named = find_key(env, call, reference, Naming::not_alias);
    if (!named)
        return named.error();
    policy::RequestContext context = context_of(env, call);
    context.set("kms:ReplicaRegion", region);
    context.set("kms:BypassPolicyLockoutSafetyCheck", bypass ? "true" : "false");
    add_request_tags(context, *tags);
    if (auto allowed = authorize(env, call, call.operation.action(), *named, std::move(context));
        !allowed)
        return allowed.error();
    if (auto enabled = check_enabled(*named); !enabled)
        return enabled.error();
    if (auto primary = check_primary(env, *named, region); !primary)
        return primary.error();
    if (auto fits = check_number(*tags); !fits)
        return fits.error();

    Environment there{env.account, region,         env.keys,   env.directory,
                      env.roots,   env.recipients, env.random, env.context};
    policy::RequestContext creation = context_of(there, call);
    creation.set("kms:BypassPolicyLockoutSafetyCheck", bypass ? "true" : "false");
    add_request_tags(creation, *tags);
    NamedKey replica = *named;
    replica.key.description = description;
    replica.key.created = call.now;
    replica.key.tags = *tags;
    replica.key.policy =
        policy.value_or(policy::default_key_policy(iam::partition_of(env.region), env.account));
    replica.arn = there.key_arn(replica.key.id);
    add_key_properties(creation, there.region, replica.key);
    if (auto allowed = authorize_creation(there, call, "kms:CreateKey", *tags, std::move(creation));
        !allowed)
        return allowed.error();
    if (policy)
        if (auto accepted = check_new_policy(there, call, replica, *policy, bypass); !accepted)
            return accepted.error();
    const auto regions = env.keys.regions_of(named->key.id);
    if (!regions)
        return storage_error(regions.error());
    if (std::find(regions->begin(), regions->end(), region) != regions->end())
        return api_error("AlreadyExistsException", fmt::format("{} already exists.", replica.arn));
    Key stored = replica.key;
    stored.material.clear();  // comes with the others, in their order
    if (named->key.origin == origin_external)
        stored.state = KeyState::pending_import;
    if (const auto added = env.keys.add_in(region, stored); !added)
        return storage_error(added.error());
    if (named->key.origin == origin_external) {
        if (auto announced = env.keys.announce_materials(named->key.id); !announced)
            return storage_error(announced.error());
    } else {
        const auto copied = env.keys.copy_materials(named->key.id, region);
        if (!copied)
            return storage_error(copied.error());
        if (!*copied)
            return internal_error(
                fmt::format("another key of the Region {} in this key store has "
                            "key material of {}",
                            region, named->arn));
    }
    replica.key = std::move(stored);
    return json::object{{"ReplicaKeyMetadata", metadata_of(there, replica.key)},
                        {"ReplicaPolicy", replica.key.policy},
                        {"ReplicaTags", to_array(*tags)}};
}

}  // namespace glovebox::kms
