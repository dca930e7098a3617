// SPDX-License-Identifier: Apache-2.0

// What a merged report says of one shard: its record (run_record.h), reduced. A record can have
// 200,000 events; of many shards, one at a time is in memory.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/up/not_run.h"
#include "sim/up/shard.h"

namespace glovebox::up {

struct ShardRecord {
    struct Part {
        std::string label;
        std::string kind;
        bool has_failed = false;
    };
    // What was refused: a connection, or a request to the KMS.
    struct Refusal {
        std::string subject;
        std::string outcome;
        std::size_t times = 1;
    };
    // Of each record. Further kinds are counted.
    static constexpr std::size_t refusals_max = 50;

    std::string file;  // the record's, as it was named
    Shard shard;
    std::string verdict;  // "passed", "failed", "ran in part"
    std::string status;   // the command's; empty if it did not come to an end
    std::vector<std::string> failures;
    std::vector<NotRun> not_run;
    std::vector<Part> parts;
    std::vector<Refusal> refusals;  // in the order of their first occurrence
    std::size_t further_refusals = 0;
    std::chrono::milliseconds lasted{};
    std::string run;  // which run of the suite; empty if the record does not say
    // What is the same in all shards of one run.
    std::string version;  // Glovebox's
    std::string target;
    std::string world;
    std::string region;
    std::string command;  // its words with blanks between them
};

// The error says that the record has no shard, or what is wrong about it.
[[nodiscard]] Result<ShardRecord> shard_record(const std::string& file,
                                               const boost::json::object& record);

}  // namespace glovebox::up
