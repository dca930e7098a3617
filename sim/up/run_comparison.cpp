// SPDX-License-Identifier: Apache-2.0

#include "sim/up/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <set>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "sim/up/event_kinds.h"
#include "sim/up/run_record.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

// A record has up to 200,000 events (event_file.h) and 20,000 entries in other lists, with a few
// hundred bytes each, and decisions with their policies.
constexpr JsonBudget record_budget{.bytes = record_bytes_max, .values = 10'000'000};

struct Outcomes {
    std::string_view kind;  // of events (target_limits.h); empty: every run observes it
    std::set<std::string> all;
};

// What happened, by its subject.
class Behaviour {
  public:
    void add(const std::string& subject, std::string outcome, std::string_view kind = {}) {
        Outcomes& outcomes = by_subject_[subject];
        outcomes.kind = kind;
        outcomes.all.insert(std::move(outcome));
    }
    [[nodiscard]] Outcomes of(const std::string& subject) const {
        const auto found = by_subject_.find(subject);
        return found == by_subject_.end() ? Outcomes{} : found->second;
    }
    void add_subjects(std::set<std::string>& subjects) const {
        for (const auto& [subject, outcomes] : by_subject_)
            subjects.insert(subject);
    }

  private:
    std::map<std::string, Outcomes> by_subject_;
};

std::string text(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    if (found == nullptr)
        return "";
    return found->is_string() ? json::value_to<std::string>(*found) : json_text(*found);
}

const json::array& list(const json::object& object, std::string_view name) {
    static const json::array none;
    const json::value* const found = object.if_contains(name);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

// Calls visit() with each object of the list.
template <class Visit>
void each(const json::object& object, std::string_view name, const Visit& visit) {
    for (const json::value& entry : list(object, name))
        if (entry.is_object())
            visit(entry.get_object());
}

// The role, without the session: arn:aws:sts::111122223333:assumed-role/parent/i-0450935ca7b93efd9.
std::string role_of(const std::string& principal) {
    return principal.find(":assumed-role/") == std::string::npos
               ? principal
               : principal.substr(0, principal.rfind('/'));
}

std::set<std::string> keys_of(const json::object& record) {
    std::set<std::string> keys;
    each(record, "kms", [&](const json::object& request) { keys.insert(text(request, "key")); });
    return keys;
}

// The simulation explains a refusal to a program, and other places cannot: the program sees the
// same.
std::string outcome_of_connection(const json::object& connection, bool is_of_program) {
    std::string outcome = text(connection, "outcome");
    if (is_of_program && outcome == "refused")
        return outcome;
    for (const std::string_view name : {"status", "end", "error"})
        if (const std::string more = text(connection, name); !more.empty())
            outcome += ": " + more;
    return outcome;
}

std::set<std::string> texts(const json::object& object, std::string_view name) {
    std::set<std::string> all;
    for (const json::value& one : list(object, name))
        if (one.is_string())
            all.insert(json::value_to<std::string>(one));
    return all;
}

// The labels of the parts whose connections programs make, not proxies.
std::set<std::string> programs_of(const json::object& record) {
    std::set<std::string> programs{"parent"};
    each(record, "parts", [&](const json::object& part) {
        if (text(part, "kind") == "enclave")
            programs.insert(text(part, "part"));
    });
    return programs;
}

std::string verdict_of(const json::object& record) {
    if (text(record, "passed") == "true")
        return "passed";
    const bool has_failed = text(record, "status") != "0" || !list(record, "failures").empty();
    return has_failed || list(record, "not_run").empty() ? "failed" : "ran in part";
}

// `shared_keys` are those that both runs had; the ids of others are made anew in each run.
Behaviour behaviour_of(const json::object& record, const std::set<std::string>& shared_keys) {
    Behaviour behaviour;
    behaviour.add("the run", verdict_of(record));
    behaviour.add("the command: status", text(record, "status"));
    for (const std::string& failure : texts(record, "failures"))
        behaviour.add("the run", failure);
    each(record, "not_run", [&](const json::object& one) {
        const std::string part = text(one, "part");
        behaviour.add(fmt::format("{}{}{}", part, part.empty() ? "" : ": ", text(one, "what")),
                      "not run: " + text(one, "why"));
    });
    each(record, "enclaves", [&](const json::object& enclave) {
        const std::string name = "enclave " + text(enclave, "name");
        if (const std::string status = text(enclave, "status"); !status.empty())
            behaviour.add(name + ": status", status);
        if (const json::value* const pcrs = enclave.if_contains("pcrs");
            pcrs != nullptr && pcrs->is_object())
            for (const auto& [pcr, value] : pcrs->get_object())
                if (value.is_string())
                    behaviour.add(fmt::format("{}: {}", name, std::string_view(pcr)),
                                  json::value_to<std::string>(value));
    });
    each(record, "connections", [&, programs = programs_of(record)](const json::object& one) {
        const std::string from = text(one, "from");
        const std::string to = text(one, "to");
        const std::string part = text(one, "part");
        const bool is_of_program = programs.contains(part);
        behaviour.add(fmt::format("connection{}{}{} ({})", from.empty() ? "" : " from " + from,
                                  to.empty() ? "" : " to ", to, part),
                      outcome_of_connection(one, is_of_program),
                      !is_of_program                      ? proxy_connections
                      : text(one, "outcome") == "refused" ? program_connections
                                                          : traced_connections);
    });
    each(record, "module", [&](const json::object& request) {
        const std::string error = text(request, "error");
        const std::string pcrs = text(request, "pcrs");
        behaviour.add(fmt::format("security module of {}", text(request, "part")),
                      !error.empty()
                          ? "answers " + error
                          : text(request, "request") + (pcrs.empty() ? "" : " of PCR " + pcrs),
                      module_requests);
    });
    each(record, "kms", [&](const json::object& request) {
        const std::string key = text(request, "key");
        const std::string error = text(request, "error");
        behaviour.add(fmt::format("KMS {} by {}{}", text(request, "request"),
                                  role_of(text(request, "principal")),
                                  shared_keys.contains(key) && !key.empty() ? " on " + key : ""),
                      error.empty() ? text(request, "status") : error, kms_requests);
    });
    each(record, "faults", [&](const json::object& one) {
        const std::string event = text(one, "event");
        if (event != "struck" && event != "set")
            return;
        std::string struck = text(one, "request");
        if (const std::string to = text(one, "to"); !to.empty())
            struck = fmt::format("{} -> {}", text(one, "from"), to);
        behaviour.add(
            fmt::format("fault {}{}{}", text(one, "kind"), struck.empty() ? "" : " of ", struck),
            event, fault_events);
    });
    return behaviour;
}

std::vector<std::string> without(const std::set<std::string>& all,
                                 const std::set<std::string>& others) {
    std::vector<std::string> rest;
    std::set_difference(all.begin(), all.end(), others.begin(), others.end(),
                        std::back_inserter(rest));
    return rest;
}

}  // namespace

Result<json::object> parse_run_record(std::string_view content) {
    auto read = read_json(content, record_budget);
    if (!read)
        return read.error();
    const auto no_record = [](std::string_view why) {
        return invalid_input(
            fmt::format("{}: a record of `glovebox up --record` was expected", why));
    };
    if (!read->is_object())
        return no_record("it is JSON, but no object");
    json::object& record = read->get_object();
    const json::value* const schema = record.if_contains("schema");
    if (schema == nullptr || !schema->is_int64() || !record.contains("connections"))
        return no_record("it has no schema and connections");
    if (schema->get_int64() > record_schema)
        return invalid_input(fmt::format(
            "its schema is {}, and this Glovebox knows {}: a later Glovebox wrote it, which can "
            "compare it too",
            schema->get_int64(), record_schema));
    return std::move(record);
}

RunComparison compare_runs(const json::object& first, const json::object& second) {
    std::set<std::string> keys = keys_of(first);
    std::erase_if(
        keys, [others = keys_of(second)](const std::string& key) { return !others.contains(key); });
    const Behaviour one = behaviour_of(first, keys);
    const Behaviour other = behaviour_of(second, keys);
    std::set<std::string> unseen = texts(first, "not_observed");
    unseen.merge(texts(second, "not_observed"));
    if (unseen.contains(std::string(program_connections)))
        unseen.emplace(traced_connections);
    std::set<std::string> subjects;
    one.add_subjects(subjects);
    other.add_subjects(subjects);
    RunComparison comparison;
    for (const std::string& subject : subjects) {
        const Outcomes here = one.of(subject);
        const Outcomes there = other.of(subject);
        if (here.all == there.all)
            continue;
        const std::string kind(here.kind.empty() ? there.kind : here.kind);
        auto& list = unseen.contains(kind) ? comparison.not_observed : comparison.differences;
        list.push_back({subject, without(here.all, there.all), without(there.all, here.all)});
    }
    return comparison;
}

}  // namespace glovebox::up
