// SPDX-License-Identifier: Apache-2.0

#include "sim/up/merged_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

// A record's first failure in a list of those of all shards.
constexpr std::size_t failure_bytes_max = 512;
// Of a remark on what differs: others are counted.
constexpr std::size_t values_max = 5;

std::set<std::size_t> totals_of(const std::vector<ShardRecord>& shards) {
    std::set<std::size_t> totals;
    for (const ShardRecord& one : shards)
        totals.insert(one.shard.total);
    return totals;
}

std::string failure_of(const ShardRecord& one) {
    const std::string why = !one.failures.empty() ? one.failures.front()
                            : one.status.empty()  ? "the command did not come to an end"
                                                  : "the command ended with status " + one.status;
    return fmt::format("shard {} failed: {} ({})", to_text(one.shard), cut(why, failure_bytes_max),
                       one.file);
}

void find_missing(MergedRun& run) {
    std::set<std::size_t> present;
    for (const ShardRecord& one : run.shards)
        present.insert(one.shard.index);
    for (std::size_t index = 0; index < run.total; ++index)
        if (!present.contains(index))
            run.missing.push_back(index);
    if (!run.missing.empty())
        run.failures.push_back(fmt::format(
            "{} of {} shards missing: {}. Its job did not write a record, or the record was not "
            "among the arguments",
            run.missing.size(), run.total, ranges(run.missing)));
}

void find_double(MergedRun& run) {
    for (auto at = run.shards.begin(); at != run.shards.end();) {
        const auto end = std::find_if(at, run.shards.end(), [&](const ShardRecord& other) {
            return other.shard.index != at->shard.index;
        });
        if (end - at > 1) {
            std::vector<std::string> files;
            std::set<std::string> verdicts;
            for (auto one = at; one != end; ++one) {
                files.push_back(fmt::format("{} ({})", one->file, one->verdict));
                verdicts.insert(one->verdict);
            }
            run.remarks.push_back(
                fmt::format("shard {} has {} records: {}{}", to_text(at->shard), files.size(),
                            fmt::join(files, ", "),
                            verdicts.size() > 1 ? ". Leave out those that do not count" : ""));
        }
        at = end;
    }
}

// Records of two runs fail: they may have passed together though neither run did.
void judge_runs(MergedRun& run) {
    std::map<std::string, std::vector<const ShardRecord*>> by_run;
    for (const ShardRecord& one : run.shards)
        by_run[one.run].push_back(&one);
    const auto unnamed = by_run.extract("");
    if (by_run.size() > 1) {
        std::vector<std::string> kinds;
        for (const auto& [id, records] : by_run)
            if (kinds.size() < values_max)
                kinds.push_back(fmt::format("{} ({})", cut(shown(id), failure_bytes_max),
                                            records.front()->file));
        run.failures.push_back(fmt::format(
            "the records are of {} runs: {}{}. Merge the records of one run", by_run.size(),
            fmt::join(kinds, ", "), by_run.size() > values_max ? ", ..." : ""));
    }
    if (!unnamed.empty() && run.shards.size() > 1)
        run.remarks.push_back(fmt::format(
            "{} not say which run {} of ({}), so records of two runs would not be noticed: "
            "`glovebox up --run-id ID` names the run",
            by_run.empty()
                ? "the records do"
                : fmt::format("{} of {} records do", unnamed.mapped().size(), run.shards.size()),
            by_run.empty() ? "they are" : "that is", unnamed.mapped().front()->file));
}

// What is usually the same in all shards, and is not.
void compare(MergedRun& run, std::string_view name, std::string ShardRecord::*member) {
    std::map<std::string, std::vector<std::size_t>> by_value;
    for (const ShardRecord& one : run.shards) {
        auto& shards = by_value[one.*member];
        if (shards.empty() || shards.back() != one.shard.index)
            shards.push_back(one.shard.index);
    }
    if (by_value.size() < 2)
        return;
    std::vector<std::string> values;
    for (const auto& [value, shards] : by_value)
        if (values.size() < values_max)
            values.push_back(fmt::format("{} (shard {})", value.empty() ? "none" : shown(value),
                                         ranges(shards)));
    run.remarks.push_back(fmt::format(
        "the shards differ in their {}: {}{}", name, fmt::join(values, ", "),
        by_value.size() > values_max ? fmt::format(", and {} more", by_value.size() - values_max)
                                     : ""));
}

}  // namespace

std::string MergedRun::verdict() const {
    return !failures.empty() ? "failed" : ran_in_part ? "ran in part" : "passed";
}

MergedRun merge_shards(std::vector<ShardRecord> shards, std::vector<std::string> unreadable) {
    MergedRun run;
    run.failures = std::move(unreadable);
    if (shards.empty() && run.failures.empty())
        run.failures.emplace_back("no record was given");
    const std::set<std::size_t> totals = totals_of(shards);
    std::stable_sort(shards.begin(), shards.end(),
                     [](const ShardRecord& one, const ShardRecord& b) {
                         return one.shard.index < b.shard.index;
                     });
    run.shards = std::move(shards);
    if (totals.size() > 1) {
        std::vector<std::string> kinds;
        for (const std::size_t total : totals) {
            const auto one = std::find_if(
                run.shards.begin(), run.shards.end(),
                [&](const ShardRecord& record) { return record.shard.total == total; });
            kinds.push_back(fmt::format("{} ({})", total, one->file));
        }
        run.failures.push_back(
            fmt::format("the records differ in the number of shards: {}. Merge the records of one "
                        "run",
                        fmt::join(kinds, ", ")));
    } else if (!totals.empty()) {
        run.total = *totals.begin();
        find_missing(run);
    }
    judge_runs(run);
    run.is_complete = run.failures.empty() && run.total > 0;
    for (const ShardRecord& one : run.shards) {
        if (one.verdict == "failed")
            run.failures.push_back(failure_of(one));
        run.ran_in_part |= one.verdict == "ran in part";
    }
    find_double(run);
    compare(run, "version of Glovebox", &ShardRecord::version);
    compare(run, "target", &ShardRecord::target);
    compare(run, "world file", &ShardRecord::world);
    compare(run, "region", &ShardRecord::region);
    compare(run, "command", &ShardRecord::command);
    return run;
}

std::string ranges(const std::vector<std::size_t>& ascending) {
    std::vector<std::string> texts;
    for (std::size_t begin = 0; begin < ascending.size();) {
        std::size_t end = begin + 1;
        while (end < ascending.size() && ascending[end] == ascending[end - 1] + 1)
            ++end;
        texts.push_back(end - begin == 1
                            ? fmt::format("{}", ascending[begin])
                            : fmt::format("{}-{}", ascending[begin], ascending[end - 1]));
        begin = end;
    }
    return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace glovebox::up
