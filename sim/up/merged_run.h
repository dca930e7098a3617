// SPDX-License-Identifier: Apache-2.0

// The shards of one run together: whether all of them are there and passed. `glovebox merge` shows
// it, and merge_report.h writes it as JSON, JUnit, Markdown and HTML.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/up/shard_record.h"

namespace glovebox::up {

struct MergedRun {
    std::size_t total = 0;              // of the shards; 0 where the records do not agree on it
    std::vector<ShardRecord> shards;    // in the order of their index, then as they were named
    std::vector<std::size_t> missing;   // their indices
    std::vector<std::string> failures;  // a sentence each; empty unless something failed
    std::vector<std::string> remarks;   // what is no failure: shards with two records, versions

    // Every shard has a record that could be read, and the records agree on their number and run.
    bool is_complete = false;
    // Some shard did not run all that its world asks for.
    bool ran_in_part = false;

    // "passed", "failed", "ran in part".
    [[nodiscard]] std::string verdict() const;
};

// Shards that are missing, that failed, that are of different runs, or of which one of two records
// failed are failures, and so is each sentence in `unreadable`: a record that could not be read. A
// shard with two records that both passed is a remark, as a job that was run again has left it.
[[nodiscard]] MergedRun merge_shards(std::vector<ShardRecord> shards,
                                     std::vector<std::string> unreadable);

// "0, 3-5, 9". A report with all of 100,000 missing shards has one range.
[[nodiscard]] std::string ranges(const std::vector<std::size_t>& ascending);

}  // namespace glovebox::up
