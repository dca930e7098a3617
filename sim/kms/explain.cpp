// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/explain.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "core/base/printable.h"
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

Result<TraceSearch> find_in_trace(std::string_view trace, std::string_view request_id) {
    TraceSearch search;
    bool is_found = false;
    std::size_t requests = 0;
    for (std::size_t number = 1; !trace.empty(); ++number) {
        const std::size_t end = std::min(trace.find('\n'), trace.size());
        const std::string_view line = trace.substr(0, end);
        trace.remove_prefix(std::min(end + 1, trace.size()));
        if (line.empty())
            continue;
        auto value = read_json(line, trace_line_budget);
        if (!value || !value->is_object()) {
            search.broken_lines.push_back(number);
            continue;
        }
        ++requests;
        json::object& record = value->get_object();
        const bool wanted = request_id.empty() ? record.contains("error")
                                               : text_of(record, "requestId") == request_id;
        if (wanted)
            search.record = std::move(record);
        is_found = is_found || wanted;
    }
    if (is_found)
        return search;
    const std::string skipped =
        search.broken_lines.empty() ? "" : "; " + describe_broken_lines(search.broken_lines);
    if (request_id.empty())
        return invalid_input(
            fmt::format("none of the {} requests in the trace was refused{}", requests, skipped));
    return invalid_input(
        fmt::format("none of the {} requests in the trace has the id {}: it is the "
                    "answer's x-amzn-RequestId{}",
                    requests, shown(request_id), skipped));
}

std::string describe_broken_lines(const std::vector<std::size_t>& lines) {
    return fmt::format(
        "line {} of the trace{} is not a JSON object and was skipped (the disk was full, or the "
        "service was killed, while it was written)",
        lines.front(), lines.size() == 1 ? "" : fmt::format(", like {} more,", lines.size() - 1));
}

Result<Explanation> explain(const json::object& record,
                            const std::optional<std::string>& key_policy) {
    Explanation out;
    const auto line_of = [&](std::string_view name) { return printable(text_of(record, name)); };
    out.text = fmt::format("{} {} by {}\n", line_of("time"), line_of("operation"),
                           printable(caller_of(record)));
    const std::string error = line_of("error");
    out.text += error.empty() ? "then      allowed\n"
                              : fmt::format("then      {}: {}\n", error, line_of("explanation"));
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
            return invalid_input("the trace's record has a check that is not an object");
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
        out.text += fmt::format("now       {} on {}: {}", printable(check->request.action),
                                printable(check->request.resource), policy::to_text(decision));
    }
    return out;
}

}  // namespace glovebox::kms
