// SPDX-License-Identifier: Apache-2.0

// glovebox merge: the records of a run's shards as one report.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "sim/cli/commands.h"
#include "sim/cli/record_argument.h"
#include "sim/cli/report_option.h"
#include "sim/up/merge_document.h"
#include "sim/up/merge_pages.h"
#include "sim/up/merged_run.h"
#include "sim/up/report_file.h"
#include "sim/up/summary.h"

namespace glovebox::cli {
namespace {

struct Reports {
    std::optional<up::ReportFile> document;
    std::optional<up::ReportFile> junit;
    std::optional<up::ReportFile> page;
    std::optional<up::SummaryFile> summary;
};

// In place of a folder, its files that end with .json, by name.
std::vector<std::string> files_of(const std::vector<std::string>& names) {
    std::vector<std::string> files;
    for (const std::string& name : names) {
        std::error_code failure;
        if (!std::filesystem::is_directory(name, failure)) {
            files.push_back(name);
            continue;
        }
        const std::size_t before = files.size();
        for (const auto& entry : std::filesystem::directory_iterator(name))
            if (entry.path().extension() == ".json")
                files.push_back(entry.path().string());
        std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
        if (files.size() == before)
            throw ErrorException(
                invalid_input(fmt::format("{} has no record: no file in it ends with .json. "
                                          "`glovebox up --record` writes one",
                                          printable(name))));
    }
    return files;
}

// One at a time, since a record can be large.
up::MergedRun read_shards(const std::vector<std::string>& files) {
    std::vector<up::ShardRecord> shards;
    std::vector<std::string> unreadable;
    for (const std::string& file : files) {
        try {
            auto shard = up::shard_record(file, read_record(file));
            if (!shard)
                throw ErrorException(Error(shard.error()).in(file));
            shards.push_back(std::move(*shard));
        } catch (const ErrorException& failure) {
            unreadable.emplace_back(failure.error().message);
        }
    }
    return up::merge_shards(std::move(shards), std::move(unreadable));
}

int merge(const Values& values) {
    Reports reports;
    reports.document = open_report(values, "--output");
    reports.junit = open_report(values, "--junit");
    reports.page = open_report(values, "--html");
    if (const auto name = values.find_text("--summary"))
        reports.summary.emplace(up::SummaryFile::open(*name).value());
    const up::MergedRun run = read_shards(files_of(values.list("RECORD")));
    if (reports.document)
        reports.document->write(json_document(up::merge_document(run, GLOVEBOX_VERSION))).value();
    if (reports.junit)
        reports.junit->write(up::merge_junit(run)).value();
    if (reports.page)
        reports.page->write(up::merge_page(run)).value();
    if (reports.summary)
        reports.summary->append(up::merge_markdown(run)).value();
    std::cout << up::merge_text(run);
    return !run.failures.empty() ? exit_failed : run.ran_in_part ? up::exit_not_run : exit_done;
}

}  // namespace

Command merge_command() {
    return {
        .name = "merge",
        .summary = "Merge the records of a run's shards into one report",
        .description =
            {"Reads the records that `glovebox up --shard INDEX/TOTAL --record FILE` wrote, one "
             "for each shard, and shows which shards passed, failed, are missing or have two "
             "records. A shard is missing if none of the records is its own, as when its job was "
             "killed.",
             "Shards with another version of Glovebox, another target, world file, Region or "
             "command are named, and do not fail the run. docs/records.md has the form of the "
             "merged report."},
        .options = {{.name = "--output",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "Write the merged report as JSON"},
                    {.name = "--junit",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "Write a JUnit report: a suite for each shard, and one that fails "
                                "where shards are missing"},
                    {.name = "--summary",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "Append a summary in Markdown to this file, for "
                                "$GITHUB_STEP_SUMMARY"},
                    {.name = "--html",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "Write the report as one HTML file without scripts"}},
        .positionals = {{.name = "RECORD",
                         .kind = Kind::file,
                         .repeat = Repeat::list,
                         .is_required = true,
                         .summary = "The record of a shard, or a folder that has such records"}},
        .examples = {{"Run two of two shards, and merge their records",
                      "glovebox up --shard 0/2 --record run-0.json world.yaml -- ./test\n"
                      "glovebox up --shard 1/2 --record run-1.json world.yaml -- ./test\n"
                      "glovebox merge run-*.json"}},
        .exit_codes = {{"0", "every shard passed"},
                       {"1", "a shard failed or is missing, or a record cannot be read"},
                       {"2", "the command line is wrong"},
                       {"77",
                        "nothing failed, but a shard's target does not have all that the world "
                        "file asks for"}},
        .see_also = {"glovebox-compare(1)", "glovebox-up(1)"},
        .run = merge};
}

}  // namespace glovebox::cli
