// SPDX-License-Identifier: Apache-2.0

#include "sim/up/run_record.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <initializer_list>
#include <string_view>
#include <thread>

#include "sim/up/event_file.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

constexpr std::string_view fault_event = "fault_";

// Members that the line of the log has, under the same names.
void copy_fields(const TimelineEntry& entry, std::initializer_list<std::string_view> names,
                 json::object& into) {
    for (const std::string_view name : names)
        if (const json::value* const found = entry.fields.if_contains(name))
            into[name] = *found;
}

json::object machine() {
    utsname name{};
    ::uname(&name);
    return {{"system", name.sysname},
            {"kernel", name.release},
            {"architecture", name.machine},
            {"processors", std::thread::hardware_concurrency()}};
}

}  // namespace

json::object* RunRecord::List::add(json::object entry) {
    if (entries.size() >= entries_max) {
        ++further;
        return nullptr;
    }
    entries.emplace_back(std::move(entry));
    return &entries.back().get_object();
}

RunRecord::RunRecord(const WorldFile& world, std::string target,
                     std::vector<std::string_view> not_observed)
    : region_(world.region),
      target_(std::move(target)),
      not_observed_(std::move(not_observed)),
      parts_(parts_of(world)) {}

void RunRecord::take(const TimelineEntry& entry) {
    if (is_about_connection(entry))
        take_connection(entry);
    if (entry.component == "run" &&
        (entry.event == "nsm_request" || entry.event == "nsm_refused")) {
        json::object request{{"time", entry.time}, {"part", entry.part}};
        copy_fields(entry, {"request", "pcrs", "nonce", "error", "bytes_sent", "bytes_received"},
                    request);
        module_.add(std::move(request));
    }
    if (entry.component == "kms" && (entry.event == "request" || entry.event == "refused")) {
        json::object request{{"time", entry.time}};
        copy_fields(entry, {"request", "principal", "key", "status", "error", "reason"}, request);
        kms_.add(std::move(request));
    }
    if (entry.component == "fault" && entry.event.starts_with(fault_event))
        take_fault(entry);
}

void RunRecord::take_fault(const TimelineEntry& entry) {
    json::object fault{{"time", entry.time}, {"event", entry.event.substr(fault_event.size())}};
    copy_fields(entry, {"fault", "kind", "request", "reason"}, fault);
    if (const std::string peer = text_field(entry, "peer"); !peer.empty())
        fault["from"] = without_port(peer);
    if (const std::string target = text_field(entry, "target"); !target.empty())
        fault["to"] = target;
    faults_.add(std::move(fault));
}

// A line "open" and later one "closed" of the same part and ends are one connection; a line
// "refused" or "failed" is one by itself.
void RunRecord::take_connection(const TimelineEntry& entry) {
    const std::string peer = text_field(entry, "peer");
    // A traced program may have several connections of one peer.
    const bool is_of_program = entry.component == "run" || entry.component == "parent";
    const std::string address = is_of_program ? text_field(entry, "address") : "";
    const std::pair key(entry.part, peer + ' ' + address);
    if (entry.event == "closed") {
        const auto found = open_.find(key);
        if (found == open_.end())
            return;
        json::object& connection = connections_.entries[found->second].get_object();
        connection["ended"] = entry.time;
        connection["outcome"] = "closed";
        copy_fields(entry, {"end", "bytes_sent", "bytes_received"}, connection);
        open_.erase(found);
        return;
    }
    const bool is_refused = is_refused_connection(entry);
    if (entry.event != "open" && !is_refused)
        return;
    json::object connection{{"part", entry.part}, {"began", entry.time}, {"outcome", entry.event}};
    if (!peer.empty())
        connection["from"] = without_port(peer);
    if (const std::string target = text_field(entry, "target"); !target.empty())
        connection["to"] = target;
    else if (!address.empty())
        connection["to"] = address;
    if (is_refused) {
        copy_fields(entry, {"request", "status", "error"}, connection);
        if (!connection.contains("error"))
            connection["error"] = entry.message;
        connections_.add(std::move(connection));
    } else if (connections_.add(std::move(connection)) != nullptr) {
        open_[key] = connections_.entries.size() - 1;
    }
}

json::object RunRecord::document(const WorldOutcome& outcome, const WorldReport& report,
                                 std::string_view version) const {
    json::array enclaves;
    for (const WorldReport::Enclave& enclave : report.enclaves()) {
        json::object pcrs;
        for (const auto& [name, value] : enclave.pcrs)
            pcrs[name] = value;
        json::object one{{"name", enclave.name},
                         {"cid", enclave.cid},
                         {"pcrs", std::move(pcrs)},
                         {"restarts", enclave.restarts}};
        if (enclave.status)
            one["status"] = *enclave.status;
        enclaves.emplace_back(std::move(one));
    }
    json::object further;
    for (const auto& [name, list] :
         {std::pair("connections", &connections_), std::pair("module", &module_),
          std::pair("kms", &kms_), std::pair("faults", &faults_)})
        if (list->further > 0)
            further[name] = list->further;
    json::object record{{"schema", record_schema},
                        {"glovebox", version},
                        {"target", target_},
                        {"machine", machine()},
                        {"world", outcome.file},
                        {"region", region_},
                        {"command", json::value_from(outcome.command)},
                        {"passed", outcome.has_passed()},
                        {"lasted_ms", outcome.lasted.count()},
                        {"failures", json::value_from(outcome.failures)},
                        {"failed_parts", json::value_from(outcome.failed_parts)},
                        {"not_run", to_json(outcome.not_run)},
                        {"not_observed", json::value_from(not_observed_)},
                        {"parts", parts_},
                        {"enclaves", std::move(enclaves)},
                        {"connections", connections_.entries},
                        {"module", module_.entries},
                        {"kms", kms_.entries},
                        {"faults", faults_.entries}};
    if (outcome.status)
        record["status"] = *outcome.status;
    if (outcome.shard)
        record["shard"] = {{"index", outcome.shard->index}, {"total", outcome.shard->total}};
    if (!outcome.run_id.empty())
        record["run"] = outcome.run_id;
    if (!further.empty())
        record["further"] = std::move(further);
    return record;
}

}  // namespace glovebox::up
