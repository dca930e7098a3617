// SPDX-License-Identifier: Apache-2.0

// GetKeyPolicy, PutKeyPolicy, ListKeyPolicies.
#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/key_policy.h"
#include "sim/kms/operations/paging.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

// A key has one policy, of this name.
constexpr std::string_view policy_name = "default";

Answer<NamedKey> find_and_authorize(Environment& env, Call& call, Input& input,
                                    policy::RequestContext context) {
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const auto name = input.text("PolicyName", Range{1, 128});
    if (auto error = input.error())
        return *error;
    if (name)
        call.request_parameters["policyName"] = *name;
    auto named = find_allowed_key(env, call, reference, Naming::not_alias, std::move(context));
    if (!named)
        return named;
    if (name && *name != policy_name)
        return api_error("NotFoundException", "No such policy exists");
    return named;
}

}  // namespace

Answer<void> check_new_policy(Environment& env, Call& call, const NamedKey& named,
                              const std::string& text, bool bypass) {
    if (text.size() > policy::policy_bytes_max)
        return api_error("LimitExceededException",
                         fmt::format("The policy document exceeds the limit of {} bytes",
                                     policy::policy_bytes_max));
    auto parsed = policy::parse_policy(text, policy::PolicyKind::key);
    if (!parsed)
        return api_error("MalformedPolicyDocumentException", parsed.error().message);
    for (const policy::Statement& statement : parsed->statements)
        for (const std::string& principal : statement.principal->aws)
            if (!env.directory.exists(principal))
                return api_error(
                    "MalformedPolicyDocumentException",
                    "Policy contains a statement with one or more invalid principals.",
                    fmt::format("statement {} names {}, which is neither among the scene's users "
                                "nor among its roles",
                                statement.name(), principal));
    if (bypass)
        return {};
    // Could this caller put another policy, once this is the policy?
    NamedKey tomorrow = named;
    tomorrow.key.policy = text;
    if (auto allowed = authorize(env, call, "kms:PutKeyPolicy", tomorrow, context_of(env, call));
        !allowed)
        return api_error(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
            fmt::format("with the new policy, kms:PutKeyPolicy would be refused to {}: {}",
                        call.caller.arn, allowed.error().why()));
    return {};
}

Answer<json::object> get_key_policy(Environment& env, Call& call) {
    Input input(call.input);
    const auto named = find_and_authorize(env, call, input, context_of(env, call));
    if (!named)
        return named.error();
    return json::object{{"Policy", named->key.policy}, {"PolicyName", policy_name}};
}

Answer<json::object> put_key_policy(Environment& env, Call& call) {
    Input input(call.input);
    const std::string text = input.required_text("Policy", Range{1, 131072});
    const bool bypass = input.flag("BypassPolicyLockoutSafetyCheck");
    call.request_parameters["policy"] = text;
    call.request_parameters["bypassPolicyLockoutSafetyCheck"] = bypass;
    policy::RequestContext context = context_of(env, call);
    context.set("kms:BypassPolicyLockoutSafetyCheck", bypass ? "true" : "false");
    const auto named = find_and_authorize(env, call, input, std::move(context));
    if (!named)
        return named.error();
    if (auto accepted = check_new_policy(env, call, *named, text, bypass); !accepted)
        return accepted.error();
    if (auto done = env.keys.set_policy(named->key.id, text); !done)
        return storage_error(done.error());
    return json::object();
}

Answer<json::object> list_key_policies(Environment& env, Call& call) {
    Input input(call.input);
    if (const auto page = read_page(call, input, Range{1, 1000}, 100); !page)
        return page.error();
    const auto named = find_and_authorize(env, call, input, context_of(env, call));
    if (!named)
        return named.error();
    return json::object{{"PolicyNames", to_array({policy_name})}, {"Truncated", false}};
}

}  // namespace glovebox::kms
