// SPDX-License-Identifier: Apache-2.0

// What a run of a world did, as one JSON document that another run's can be compared with
// (run_comparison.h). docs/records.md has every member.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/up/summary.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"
#include "sim/up/world_report.h"

namespace glovebox::up {

// The version of the document's form. Members may be added within one version; whoever reads it
// ignores those that it does not know.
inline constexpr int record_schema = 1;
// The most that is read of a record.
inline constexpr std::size_t record_bytes_max = std::size_t{1} << 30;

class RunRecord {
  public:
    // Of connections, of requests to modules, of requests to the KMS and of what happened to
    // faults, each. What is beyond is counted.
    static constexpr std::size_t entries_max = 20'000;

    // `target` is where the world runs: "sim" or "vm"; `not_observed` the kinds of events
    // (event_kinds.h) that nobody can observe there.
    explicit RunRecord(const WorldFile& world, std::string target = "sim",
                       std::vector<std::string_view> not_observed = {});

    void take(const TimelineEntry& entry);

    // The whole document, when the run has ended. `version` is Glovebox's.
    [[nodiscard]] boost::json::object document(const WorldOutcome& outcome,
                                               const WorldReport& report,
                                               std::string_view version) const;

  private:
    // Adds it to the list and returns its place, or counts it where the list is full.
    struct List {
        boost::json::array entries;
        std::size_t further = 0;
        boost::json::object* add(boost::json::object entry);
    };

    void take_connection(const TimelineEntry& entry);
    void take_fault(const TimelineEntry& entry);

    std::string region_;
    std::string target_;
    std::vector<std::string_view> not_observed_;
    boost::json::array parts_;
    List connections_;
    // The places of open connections by part and peer.
    std::map<std::pair<std::string, std::string>, std::size_t> open_;
    List module_;
    List kms_;
    List faults_;
};

}  // namespace glovebox::up
