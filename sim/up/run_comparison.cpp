// SPDX-License-Identifier: Apache-2.0

#include "sim/up/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <set>

#include "sim/up/event_kinds.h"
#include "sim/up/record_reader.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

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

// The role, without the session: arn:aws:sts::111122223333:assumed-role/parent/i-0450935ca7b93efd9.
std::string role_of(const std::string& principal) {
    return principal.find(":assumed-role/") == std::string::npos
               ? principal
               : principal.substr(0, principal.rfind('/'));
}

std::set<std::string> keys_of(const json::object& record) {
    std::set<std::string> keys;
    each_in(record, "kms",
            [&](const json::object& request) { keys.insert(text_in(request, "key")); });
    return keys;
}

std::set<std::string> texts(const json::object& object, std::string_view name) {
    std::set<std::string> all;
    for (const json::value& one : list_in(object, name))
        if (one.is_string())
            all.insert(json::value_to<std::string>(one));
    return all;
}

// `shared_keys` are those that both runs had; the ids of others are made anew in each run.
Behaviour behaviour_of(const json::object& record, const std::set<std::string>& shared_keys) {
    Behaviour behaviour;
    behaviour.add("the run", verdict_in(record));
    behaviour.add("the command: status", text_in(record, "status"));
    for (const std::string& failure : texts(record, "failures"))
        behaviour.add("the run", failure);
    each_in(record, "not_run", [&](const json::object& one) {
        const std::string part = text_in(one, "part");
        behaviour.add(fmt::format("{}{}{}", part, part.empty() ? "" : ": ", text_in(one, "what")),
                      "not run: " + text_in(one, "why"));
    });
    each_in(record, "enclaves", [&](const json::object& enclave) {
        const std::string name = "enclave " + text_in(enclave, "name");
        if (const std::string status = text_in(enclave, "status"); !status.empty())
            behaviour.add(name + ": status", status);
        if (const json::value* const pcrs = enclave.if_contains("pcrs");
            pcrs != nullptr && pcrs->is_object())
            for (const auto& [pcr, value] : pcrs->get_object())
                if (value.is_string())
                    behaviour.add(fmt::format("{}: {}", name, std::string_view(pcr)),
                                  json::value_to<std::string>(value));
    });
    each_in(record, "connections", [&, programs = programs_in(record)](const json::object& one) {
        const bool is_of_program = programs.contains(text_in(one, "part"));
        behaviour.add(connection_name(one), connection_outcome(one, is_of_program),
                      !is_of_program                         ? proxy_connections
                      : text_in(one, "outcome") == "refused" ? program_connections
                                                             : traced_connections);
    });
    each_in(record, "module", [&](const json::object& request) {
        const std::string error = text_in(request, "error");
        const std::string pcrs = text_in(request, "pcrs");
        behaviour.add(fmt::format("security module of {}", text_in(request, "part")),
                      !error.empty()
                          ? "answers " + error
                          : text_in(request, "request") + (pcrs.empty() ? "" : " of PCR " + pcrs),
                      module_requests);
    });
    each_in(record, "kms", [&](const json::object& request) {
        const std::string key = text_in(request, "key");
        const std::string error = text_in(request, "error");
        behaviour.add(fmt::format("KMS {} by {}{}", text_in(request, "request"),
                                  role_of(text_in(request, "principal")),
                                  shared_keys.contains(key) && !key.empty() ? " on " + key : ""),
                      error.empty() ? text_in(request, "status") : error, kms_requests);
    });
    each_in(record, "faults", [&](const json::object& one) {
        const std::string event = text_in(one, "event");
        if (event != "struck" && event != "set")
            return;
        std::string struck = text_in(one, "request");
        if (const std::string to = text_in(one, "to"); !to.empty())
            struck = fmt::format("{} -> {}", text_in(one, "from"), to);
        behaviour.add(
            fmt::format("fault {}{}{}", text_in(one, "kind"), struck.empty() ? "" : " of ", struck),
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
