// SPDX-License-Identifier: Apache-2.0

// glovebox compare: where two runs of a world behaved differently.

#include <boost/json.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "core/base/printable.h"
#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/cli/record_argument.h"
#include "sim/up/run_comparison.h"

namespace glovebox::cli {
namespace {

void print(const char* run, const std::vector<std::string>& outcomes, bool is_observed) {
    for (const std::string& outcome : outcomes)
        std::cout << "    " << run << printable(outcome.empty() ? "nothing" : outcome) << '\n';
    if (outcomes.empty() && !is_observed)
        std::cout << "    " << run << "not observed\n";
}

void print(const std::vector<up::RunDifference>& differences, bool is_observed) {
    for (const up::RunDifference& difference : differences) {
        std::cout << printable(difference.subject) << '\n';
        print("first:  ", difference.first, is_observed);
        print("second: ", difference.second, is_observed);
    }
}

boost::json::array as_json(const std::vector<up::RunDifference>& differences) {
    boost::json::array list;
    for (const up::RunDifference& difference : differences)
        list.emplace_back(
            boost::json::object{{"subject", difference.subject},
                                {"first", boost::json::value_from(difference.first)},
                                {"second", boost::json::value_from(difference.second)}});
    return list;
}

const char* conclusion(const up::RunComparison& comparison) {
    if (!comparison.differences.empty())
        return "the runs behaved differently\n";
    return comparison.not_observed.empty() ? "both runs did the same\n"
                                           : "both runs did the same where both can be observed\n";
}

int compare(const Values& values) {
    const auto first = read_record(values.text("FIRST"));
    const auto second = read_record(values.text("SECOND"));
    const up::RunComparison found = up::compare_runs(first, second);
    const int status = found.differences.empty() ? exit_done : exit_failed;
    if (values.flag("--json")) {
        print_json_document(boost::json::object{{"same", found.differences.empty()},
                                                {"differences", as_json(found.differences)},
                                                {"not_observed", as_json(found.not_observed)}});
        return status;
    }
    print(found.differences, true);
    print(found.not_observed, false);
    std::cout << conclusion(found);
    return status;
}

}  // namespace

Command compare_command() {
    return {.name = "compare",
            .summary = "Show where two runs of a world behaved differently",
            .description =
                {"Reads two records of `glovebox up --record` and shows what happened in one of "
                 "the runs alone: statuses, measurements, how connections ended, and the answers "
                 "of the security modules and the KMS.",
                 "Times, numbers of bytes, the clients' ports, the ids of keys and sessions that "
                 "are made anew in each run, and how often the same thing happened are no "
                 "difference. What one of the targets cannot observe is shown, and is no "
                 "difference. docs/records.md has the form of a record."},
            .options = {json_option("Print {\"same\", \"differences\": [{\"subject\", \"first\": "
                                    "[OUTCOME...], \"second\": [OUTCOME...]}...], "
                                    "\"not_observed\": [the same...]}")},
            .positionals = {{.name = "FIRST", .kind = Kind::file, .summary = "The record of a run"},
                            {.name = "SECOND",
                             .kind = Kind::file,
                             .summary = "The record to compare with it"}},
            .examples = {{"Compare a run here with one elsewhere",
                          "glovebox up --record here.json world.yaml -- pytest\n"
                          "glovebox compare here.json there.json"}},
            .exit_codes = {{"0", "both runs did the same where both can be observed"},
                           {"1", "they behaved differently, or a record cannot be read"},
                           {"2", "the command line is wrong"}},
            .see_also = {"glovebox-up(1)"},
            .run = compare};
}

}  // namespace glovebox::cli
