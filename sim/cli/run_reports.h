// SPDX-License-Identifier: Apache-2.0

// What `glovebox up` tells of a run while it lasts, and what it leaves: the timeline, the world's
// events, the summary, the artifacts, the record and the JUnit report.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/up/annotations.h"
#include "sim/up/artifacts.h"
#include "sim/up/event_file.h"
#include "sim/up/kms_refusals.h"
#include "sim/up/report_file.h"
#include "sim/up/run_record.h"
#include "sim/up/summary.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"
#include "sim/up/world_report.h"
#include "sim/up/world_run.h"

namespace glovebox::cli {

// The files of --record and --junit, emptied: what an earlier run has left is never taken for this
// one's, not even if its world can't be read.
struct ReportFiles {
    // Throws ErrorException.
    [[nodiscard]] static ReportFiles open(const Values& values);

    std::optional<up::ReportFile> record;
    std::optional<up::ReportFile> junit;
};

class RunReports {
  public:
    // Opens every other file that the options of `up` name, so that a name that can't be written to
    // is an error before anything starts. `directory` is the world's; `not_observed` the kinds of
    // events that nobody can observe where it runs; `chaos` the seed of the faults drawn. The
    // values and the world outlive it. Throws ErrorException.
    RunReports(const Values& values, ReportFiles files, const up::WorldFile& world,
               const std::string& directory, std::vector<std::string_view> not_observed,
               std::optional<std::uint64_t> chaos);

    // Something happened in the run.
    void take(const up::TimelineEntry& entry);
    // For standard error alone, where no -q hides it: an event about the run, not one of it.
    void show(const up::TimelineEntry& entry) { timeline_.write(entry); }

    // Folds of the log, in a step of a workflow: around the start, and from the end on.
    void begin_group(const std::string& title);
    void end_group() { annotations_.end_group(); }

    // The last event: how the run has ended.
    void end_events(const up::WorldOutcome& outcome) { events_.finish(outcome); }
    // The last lines on standard error, and all files. False if a file that the options ask for
    // could not be written, which is said: whoever asked for it has not got what the run is for.
    [[nodiscard]] bool finish(const up::WorldOutcome& outcome);

  private:
    void say_last(Event event, const std::string& sentence);
    // Says what failed; whether nothing did.
    bool note(const Result<void>& done);
    void conclude(const up::WorldOutcome& outcome, const up::KmsRecord& kms, bool is_trace_kept);
    void annotate(const up::WorldOutcome& outcome, const up::KmsRecord& kms);
    [[nodiscard]] bool write_files(const up::WorldOutcome& outcome, const up::KmsRecord& kms);
    [[nodiscard]] boost::json::object whole_record(const up::WorldOutcome& outcome,
                                                   const up::KmsRecord& kms) const;

    const Values& values_;
    const up::WorldFile& world_;
    bool is_quiet_;
    std::optional<std::uint64_t> chaos_;
    std::optional<up::SummaryFile> summary_;
    std::optional<up::Artifacts> artifacts_;
    ReportFiles files_;
    std::string kms_trace_;
    up::KmsRefusals refusals_;
    up::EventFile events_;
    up::WorldReport report_;
    up::RunRecord record_;
    up::Annotations annotations_;
    up::Timeline timeline_;
};

// The run as it is judged by whoever started it. A command that failed is a failed part, "parent".
[[nodiscard]] up::WorldOutcome judge(const Result<up::Outcome>& outcome, const up::WorldRun& run);

}  // namespace glovebox::cli
