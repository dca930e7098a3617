// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/explain.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cerrno>
#include <fstream>
#include <functional>
#include <istream>
#include <sstream>

#include "core/base/printable.h"
#include "sim/kms/json.h"
#include "sim/kms/json_lines.h"
#include "sim/kms/policy/decide.h"
#include "sim/kms/policy/reason.h"
#include "sim/kms/record.h"
#include "sim/kms/suggestion.h"

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

// The longest explanation in a line of list_refusals().
constexpr std::size_t refusal_bytes_max = 512;

// The object in a line; empty if the line is not a JSON object.
std::optional<json::object> record_in(std::string_view line) {
    auto value = read_json(line, trace_line_budget);
    if (!value || !value->is_object())
        return std::nullopt;
    return std::move(value->get_object());
}

// Calls `take` for each line of the stream but empty ones.
void for_each_line(std::istream& lines, const std::function<void(std::string_view)>& take) {
    for (std::string line; std::getline(lines, line);)
        if (!line.empty())
            take(line);
}

// Whether the line can be the one that is looked for, by its text.
bool may_be_wanted(std::string_view line, std::string_view request_id) {
    return line.find(request_id.empty() ? std::string_view("\"error\":") : request_id) !=
           std::string_view::npos;
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

std::string describe_request(const json::object& record, TimePoint now) {
    const std::string time = text_of(record, "time");
    const auto at = parse_time(time);
    return printable(fmt::format(
        "request {} of {}{}", text_of(record, "requestId"), time,
        at && *at <= now
            ? fmt::format(
                  ", {} ago",
                  format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(now - *at)))
            : ""));
}

std::vector<Refusal> list_refusals(std::string_view trace) {
    std::vector<std::pair<Refusal, std::size_t>> counted;
    std::istringstream lines{std::string(trace)};
    for_each_line(lines, [&](std::string_view text) {
        auto record = may_be_wanted(text, "") ? record_in(text) : std::nullopt;
        if (!record || !record->contains("error"))
            return;
        const std::string why = text_of(*record, "explanation");
        std::string line = printable(fmt::format(
            "{} by {}: {}{}{}", text_of(*record, "operation"), caller_of(*record),
            text_of(*record, "error"), why.empty() ? "" : ": ", cut(why, refusal_bytes_max)));
        const auto same = std::find_if(counted.begin(), counted.end(),
                                       [&](const auto& one) { return one.first.sentence == line; });
        if (same == counted.end())
            counted.emplace_back(Refusal{std::move(line), std::move(*record)}, 1);
        else
            ++same->second;
    });
    std::vector<Refusal> refusals;
    for (auto& [refusal, count] : counted) {
        if (count > 1)
            refusal.sentence += fmt::format(" ({} times)", count);
        refusals.push_back(std::move(refusal));
    }
    return refusals;
}

Result<TraceSearch> find_in_trace(const std::string& file, std::string_view request_id) {
    TraceSearch search;
    bool is_found = false;
    bool is_operation = false;
    std::size_t requests = 0;
    std::size_t number = 0;
    const auto look_at = [&](std::string_view line) {
        ++number;
        const bool is_whole = line.front() == '{' && line.back() == '}';
        auto found = is_whole && may_be_wanted(line, request_id) ? record_in(line) : std::nullopt;
        if (!is_whole || (may_be_wanted(line, request_id) && !found)) {
            search.broken_lines.push_back(number);
            return;
        }
        ++requests;
        if (!found)
            return;
        json::object& record = *found;
        bool wanted = text_of(record, "requestId") == request_id;
        if (request_id.empty()) {
            // A probe such as curl's GET asks for no operation ("GET /"), and counts if nothing
            // else does.
            const bool asks = text_of(record, "operation").find(" /") == std::string::npos;
            wanted = record.contains("error") && (asks || !is_operation);
            is_operation = is_operation || (wanted && asks);
        }
        if (wanted)
            search.record = std::move(record);
        is_found = is_found || wanted;
    };
    if (std::ifstream former(former_file(file)); former)
        for_each_line(former, look_at);
    std::ifstream current(file);
    if (!current && number == 0)
        return errno_error("cannot open " + file, errno);
    for_each_line(current, look_at);
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
        const policy::Decision decision = policy::decide(check->request, policies, check->grants);
        out.allowed = out.allowed && decision.allowed();
        out.text += fmt::format("now       {} on {}: {}", printable(check->request.action),
                                printable(check->request.resource), policy::to_text(decision));
    }
    if (!out.allowed && !key_policy)
        if (const auto fix = suggest(record); fix && *fix)
            out.text += fmt::format("fix      {}\n", printable((*fix)->sentence));
    return out;
}

}  // namespace glovebox::kms
