// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/record.h"

#include <fmt/core.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

#include "core/base/base64.h"
#include "core/base/log.h"
#include "core/base/printable.h"
#include "sim/kms/identifier.h"
#include "sim/kms/json.h"
#include "sim/kms/policy/reason.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

// CloudTrail's limits of a text, such as userAgent and errorMessage, and of requestParameters.
constexpr std::size_t cloudtrail_text_bytes_max = 1024;
constexpr std::size_t cloudtrail_parameters_bytes_max = 100 * 1024;

constexpr std::array<std::pair<policy::RecipientState, std::string_view>, 3> recipient_states{{
    {policy::RecipientState::impossible, "impossible"},
    {policy::RecipientState::none_sent, "none sent"},
    {policy::RecipientState::verified, "verified"},
}};

Error incomplete(std::string_view what) {
    return invalid_input(fmt::format("the trace's record lacks \"{}\"", what));
}

json::object caller_json(const iam::Principal& caller) {
    json::object out{{"arn", caller.arn}};
    if (caller.kind == iam::Principal::Kind::session) {
        out["role"] = caller.entity_arn;
        out["session"] = caller.session_name;
    }
    return out;
}

const json::string* text_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_string();
}

Result<iam::Principal> parse_caller(const json::object& object) {
    const auto* role = text_in(object, "role");
    const auto* session = text_in(object, "session");
    if (role != nullptr && session != nullptr)
        return iam::session_of(std::string_view(*role), std::string_view(*session));
    const auto* arn = text_in(object, "arn");
    if (arn == nullptr)
        return incomplete("caller");
    return iam::parse_principal(std::string_view(*arn));
}

json::object recipient_json(const Recipient& recipient) {
    const nsm::AttestationDocument& document = recipient.document();
    json::object pcrs;
    for (const auto& [index, value] : document.pcrs)
        pcrs.emplace(std::to_string(index), to_hex(value));
    return {{"moduleId", document.module_id},
            {"root", recipient.verified().root().name()},
            {"timestamp", format_time(document.timestamp)},
            {"pcrs", std::move(pcrs)}};
}

// CloudTrail has these PCRs, in base64, zero values included.
json::object cloudtrail_recipient(const Recipient& recipient) {
    const nsm::AttestationDocument& document = recipient.document();
    json::object out{{"attestationDocumentModuleId", document.module_id}};
    for (const auto& [index, value] : document.pcrs) {
        if (index == 0)
            out["attestationDocumentEnclaveImageDigest"] = to_base64(value);
        else if (index <= 4 || index == 8)
            out[fmt::format("attestationDocumentEnclavePCR{}", index)] = to_base64(value);
    }
    return out;
}

json::object user_identity(const Call& call) {
    const iam::Principal& caller = call.caller;
    // CloudTrail's word for an unknown caller; the access key ID is only claimed.
    if (caller.arn.empty())
        return {{"type", "Unknown"}, {"accessKeyId", call.access_key_id}};
    switch (caller.kind) {
        case iam::Principal::Kind::root:
            return {{"type", "Root"},
                    {"principalId", caller.account},
                    {"arn", caller.arn},
                    {"accountId", caller.account},
                    {"accessKeyId", call.access_key_id}};
        case iam::Principal::Kind::user:
            return {{"type", "IAMUser"},
                    {"principalId", iam::unique_id(caller)},
                    {"arn", caller.arn},
                    {"accountId", caller.account},
                    {"accessKeyId", call.access_key_id},
                    {"userName", caller.arn.substr(caller.arn.rfind('/') + 1)}};
        case iam::Principal::Kind::session:
            break;
    }
    const std::string role = caller.entity_arn.substr(caller.entity_arn.rfind('/') + 1);
    const std::string id = iam::unique_id(caller);
    return {
        {"type", "AssumedRole"},
        {"principalId", id},
        {"arn", caller.arn},
        {"accountId", caller.account},
        {"accessKeyId", call.access_key_id},
        {"sessionContext",
         json::object{{"sessionIssuer", json::object{{"type", "Role"},
                                                     {"principalId", id.substr(0, id.find(':'))},
                                                     {"arn", caller.entity_arn},
                                                     {"accountId", caller.account},
                                                     {"userName", role}}}}}};
}

// CloudTrail leaves out parameters of more than 100 KB as a whole.
json::object bounded_parameters(const json::object& parameters) {
    const std::size_t size = to_json(parameters).size();
    if (size <= cloudtrail_parameters_bytes_max)
        return parameters;
    return {{"omitted", true}, {"originalSize", size}, {"reason", "requestParameters too large"}};
}

// "2026-01-02T03:04:05Z", as CloudTrail has it.
std::string whole_seconds(TimePoint time) {
    return format_time(time).substr(0, 19) + "Z";
}

}  // namespace

json::object to_json(const Check& check) {
    json::object context;
    for (const auto& entry : check.request.context.entries())
        context.emplace(entry.key, json::array(entry.values.begin(), entry.values.end()));
    json::array policies;
    for (const NamedPolicy& policy : check.policies)
        policies.push_back(json::object{
            {"name", policy.attached.name},
            {"kind", policy.attached.kind == policy::PolicyKind::key ? "key" : "identity"},
            {"text", policy.text},
        });
    std::string_view recipient;
    for (const auto& [state, name] : recipient_states)
        if (state == check.request.recipient)
            recipient = name;
    json::array grants;
    for (const policy::Grant& grant : check.grants)
        grants.push_back(policy::to_json(grant));
    json::object out{{"action", check.request.action},
                     {"resource", check.request.resource},
                     {"account", check.request.account},
                     {"caller", caller_json(check.request.caller)},
                     {"recipient", recipient},
                     {"context", std::move(context)},
                     {"policies", std::move(policies)},
                     {"grants", std::move(grants)},
                     {"decision", policy::to_json_object(check.decision)}};
    if (check.request.grant)
        out["grant"] = policy::to_json(*check.request.grant);
    if (check.request.encryption_context) {
        json::object pairs;
        for (const auto& [name, value] : *check.request.encryption_context)
            pairs.emplace(name, value);
        out["encryptionContext"] = std::move(pairs);
    }
    return out;
}

Result<Check> parse_check(const json::object& object) {
    Check check;
    for (const auto& [name, target] : {std::pair{"action", &check.request.action},
                                       std::pair{"resource", &check.request.resource},
                                       std::pair{"account", &check.request.account}}) {
        const auto* text = text_in(object, name);
        if (text == nullptr)
            return incomplete(name);
        *target = *text;
    }
    const auto* caller = object.if_contains("caller");
    if (caller == nullptr || !caller->is_object())
        return incomplete("caller");
    auto principal = parse_caller(caller->get_object());
    if (!principal)
        return principal.error();
    check.request.caller = std::move(*principal);
    if (const auto* name = text_in(object, "recipient"))
        for (const auto& [state, state_name] : recipient_states)
            if (std::string_view(*name) == state_name)
                check.request.recipient = state;
    const auto* context = object.if_contains("context");
    if (context == nullptr || !context->is_object())
        return incomplete("context");
    for (const auto& member : context->get_object()) {
        const auto values = json::try_value_to<std::vector<std::string>>(member.value());
        if (!values)
            return incomplete("context");
        check.request.context.set(member.key(), *values);
    }
    const auto* grants = object.if_contains("grants");
    if (grants == nullptr || !grants->is_array())
        return incomplete("grants");
    for (const json::value& element : grants->get_array()) {
        auto grant = element.is_object() ? policy::parse_grant(element.get_object())
                                         : Result<policy::Grant>(incomplete("grants"));
        if (!grant)
            return grant.error();
        check.grants.push_back(std::move(*grant));
    }
    if (const auto* grant = object.if_contains("grant"); grant != nullptr && grant->is_object()) {
        auto parsed = policy::parse_grant(grant->get_object());
        if (!parsed)
            return parsed.error();
        check.request.grant = std::move(*parsed);
    }
    if (const auto* pairs = object.if_contains("encryptionContext")) {
        const auto values = json::try_value_to<policy::Grant::Pairs>(*pairs);
        if (!values)
            return incomplete("encryptionContext");
        check.request.encryption_context = *values;
    }
    const auto* policies = object.if_contains("policies");
    if (policies == nullptr || !policies->is_array())
        return incomplete("policies");
    for (const json::value& element : policies->get_array()) {
        const auto* policy = element.if_object();
        const auto* name = policy == nullptr ? nullptr : text_in(*policy, "name");
        const auto* kind = policy == nullptr ? nullptr : text_in(*policy, "kind");
        const auto* text = policy == nullptr ? nullptr : text_in(*policy, "text");
        if (name == nullptr || kind == nullptr || text == nullptr)
            return incomplete("policies");
        const auto policy_kind =
            *kind == "key" ? policy::PolicyKind::key : policy::PolicyKind::identity;
        auto parsed = policy::parse_policy(std::string_view(*text), policy_kind);
        if (!parsed)
            return parsed.error().in(std::string_view(*name));
        check.policies.push_back(
            {std::string(*text), {std::string(*name), policy_kind, std::move(*parsed)}});
    }
    return check;
}

json::object trace_record(const Call& call, const std::optional<ApiError>& error) {
    const auto bounded = [](std::string_view text) { return cut(text, log_text_bytes_max); };
    json::object out{
        {"time", format_time(call.now)},
        {"requestId", call.request_id},
        {"operation", call.operation.name},
        {"caller", call.caller.arn},
    };
    if (call.caller.arn.empty())
        out["accessKeyId"] = call.access_key_id;
    if (error) {
        out["error"] = error->exception;
        if (error->message)
            out["message"] = bounded(*error->message);
        out["explanation"] = bounded(error->why());
    } else if (!call.checks.empty()) {
        out["explanation"] = bounded(call.checks.back().decision.sentence);
    }
    json::array checks;
    for (const Check& check : call.checks)
        checks.push_back(to_json(check));
    out["checks"] = std::move(checks);
    if (call.recipient)
        out["recipient"] = recipient_json(*call.recipient);
    return out;
}

json::object cloudtrail_event(const Environment& env, const Call& call,
                              const std::optional<ApiError>& error, RandomSource& random) {
    const auto bounded = [](std::string_view text) { return cut(text, cloudtrail_text_bytes_max); };
    json::object event{
        {"eventVersion", "1.11"},
        {"userIdentity", user_identity(call)},
        {"eventTime", whole_seconds(call.now)},
        {"eventSource", "kms.amazonaws.com"},
        {"eventName", call.operation.name},
        {"awsRegion", env.region},
        {"sourceIPAddress", call.http.remote_address},
        {"userAgent", bounded(call.http.header("User-Agent").value_or(""))},
    };
    if (error) {
        // CloudTrail cuts "Exception" off AccessDeniedException alone.
        event["errorCode"] =
            error->exception == "AccessDeniedException" ? "AccessDenied" : error->exception;
        if (error->message)
            event["errorMessage"] = bounded(*error->message);
    }
    if (call.request_parameters.empty())
        event["requestParameters"] = nullptr;
    else
        event["requestParameters"] = bounded_parameters(call.request_parameters);
    event["responseElements"] = nullptr;
    if (call.recipient)
        event["additionalEventData"] =
            json::object{{"recipient", cloudtrail_recipient(*call.recipient)}};
    event["requestID"] = call.request_id;
    event["eventID"] = make_uuid(random);
    event["readOnly"] = call.operation.read_only;
    json::array resources;
    for (const std::string& arn : call.resources)
        resources.push_back(
            json::object{{"accountId", env.account}, {"type", "AWS::KMS::Key"}, {"ARN", arn}});
    event["resources"] = std::move(resources);
    event["eventType"] = "AwsApiCall";
    event["managementEvent"] = true;
    event["recipientAccountId"] = env.account;
    event["eventCategory"] = "Management";
    if (!call.http.tls_version.empty())
        event["tlsDetails"] = json::object{
            {"tlsVersion", call.http.tls_version},
            {"cipherSuite", call.http.tls_cipher},
            {"clientProvidedHostHeader", bounded(call.http.header("Host").value_or(""))}};
    return event;
}

}  // namespace glovebox::kms
