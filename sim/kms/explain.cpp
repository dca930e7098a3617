#include "sim/kms/explain.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "sim/kms/json.h"
#include "sim/kms/policy/decide.h"
#include "sim/kms/policy/reason.h"
#include "sim/kms/record.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

std::string text_of(const json::object& record, std::string_view name) {
    const auto* value = record.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(*text);
}

std::string caller_of(const json::object& record) {
    std::string caller = text_of(record, "caller");
    if (!caller.empty())
        return caller;
    const std::string id = text_of(record, "accessKeyId");
    return id.empty() ? "nobody known" : fmt::format("nobody known, as access key {}", id);
}

Result<void> replace_key_policy(Check& check, const std::string& text) {
    for (NamedPolicy& policy : check.policies) {
        if (policy.attached.kind != policy::PolicyKind::key)
            continue;
        auto parsed = policy::parse_policy(text, policy::PolicyKind::key);
        if (!parsed)
            return parsed.error();
        policy.text = text;
        policy.attached.policy = std::move(*parsed);
    }
    return {};
}

}  // namespace

Result<json::object> find_in_trace(std::string_view trace, std::string_view request_id) {
    std::optional<json::object> found;
    std::size_t requests = 0;
    for (std::size_t number = 1; !trace.empty(); ++number) {
        const std::size_t end = std::min(trace.find('\n'), trace.size());
        const std::string_view line = trace.substr(0, end);
        trace.remove_prefix(std::min(end + 1, trace.size()));
        if (line.empty())
            continue;
        auto value = parse_json(line);
        if (!value || !value->is_object())
            return invalid_input(fmt::format("line {} of the trace is no JSON object", number));
        ++requests;
        json::object& record = value->get_object();
        const bool wanted = request_id.empty() ? record.contains("error")
                                               : text_of(record, "requestId") == request_id;
        if (wanted)
            found = std::move(record);
    }
    if (found)
        return std::move(*found);
    if (request_id.empty())
        return invalid_input(
            fmt::format("none of the {} requests in the trace was refused", requests));
    return invalid_input(
        fmt::format("none of the {} requests in the trace has the id {}: it is the "
                    "answer's x-amzn-RequestId",
                    requests, request_id));
}

Result<Explanation> explain(const json::object& record,
                            const std::optional<std::string>& key_policy) {
    Explanation out;
    out.text = fmt::format("{} {} by {}\n", text_of(record, "time"), text_of(record, "operation"),
                           caller_of(record));
    const std::string error = text_of(record, "error");
    out.text += error.empty()
                    ? "then      allowed\n"
                    : fmt::format("then      {}: {}\n", error, text_of(record, "explanation"));
    const auto* checks = record.if_contains("checks");
    const json::array none;
    const json::array& list = checks != nullptr && checks->is_array() ? checks->get_array() : none;
    if (list.empty()) {
        out.text += "now       no policy was asked: the request ended before\n";
        return out;
    }
    out.allowed = true;
    for (const json::value& element : list) {
        if (!element.is_object())
            return invalid_input("the trace's record has a check that is no object");
        auto check = parse_check(element.get_object());
        if (!check)
            return check.error();
        if (key_policy)
            if (auto replaced = replace_key_policy(*check, *key_policy); !replaced)
                return replaced.error();
        std::vector<policy::AttachedPolicy> policies;
        for (const NamedPolicy& policy : check->policies)
            policies.push_back(policy.attached);
        const policy::Decision decision = policy::decide(check->request, policies);
        out.allowed = out.allowed && decision.allowed();
        out.text += fmt::format("now       {} on {}: {}", check->request.action,
                                check->request.resource, policy::to_text(decision));
    }
    return out;
}

}  // namespace glovebox::kms
