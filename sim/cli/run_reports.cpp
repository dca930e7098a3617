// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/run_reports.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "core/base/workflow_commands.h"
#include "sim/cli/report_option.h"
#include "sim/command_line/color_option.h"
#include "sim/inspect/export_page.h"
#include "sim/inspect/subject.h"
#include "sim/kms/decision_report.h"
#include "sim/kms/state_directory.h"
#include "sim/up/junit.h"
#include "sim/up/last_run.h"
#include "sim/up/part_commands.h"

namespace glovebox::cli {
namespace {

std::string indented(std::string_view lines) {
    std::string text;
    bool at_start = true;
    for (const char one : lines) {
        text += at_start ? "  " : "";
        text += one;
        at_start = one == '\n';
    }
    return text;
}

std::size_t label_width(const up::WorldFile& world) {
    std::size_t width = 8;
    for (const auto& part : world.proxies)
        width = std::max(width, part.label.size());
    for (const auto& part : world.enclaves)
        width = std::max(width, part.label.size());
    for (const auto& part : world.forwards)
        width = std::max(width, part.label.size());
    return std::min<std::size_t>(width, 24);
}

// The file that this option names, opened.
template <typename File, typename Open>
std::optional<File> open_named(const Values& values, const std::string& option, const Open& open) {
    const auto name = values.find_text(option);
    return name ? std::optional<File>(open(*name).value()) : std::nullopt;
}

}  // namespace

up::WorldOutcome judge(const Result<up::Outcome>& outcome, const up::WorldRun& run) {
    up::WorldOutcome judged;
    judged.failed_parts = run.failed_parts();
    if (outcome) {
        judged.status = outcome->status;
        judged.failures = outcome->failures;
        if (outcome->status != exit_done)
            judged.failed_parts.emplace_back("parent");
    } else {
        judged.failures = {outcome.error().message};
    }
    for (std::string& failure : judged.failures)
        failure = printable(failure);
    judged.is_good = judged.status == exit_done && judged.failures.empty();
    return judged;
}

ReportFiles ReportFiles::open(const Values& values) {
    return {open_report(values, "--record"), open_report(values, "--junit")};
}

RunReports::RunReports(const Values& values, ReportFiles files, const up::WorldFile& world,
                       const std::string& directory, std::vector<std::string_view> not_observed,
                       std::optional<std::uint64_t> chaos)
    : values_(values),
      world_(world),
      is_quiet_(values.flag("--quiet")),
      chaos_(chaos),
      summary_(open_named<up::SummaryFile>(values, "--summary", up::SummaryFile::open)),
      artifacts_(open_named<up::Artifacts>(
          values, "--artifacts",
          [&](const std::string& name) { return up::Artifacts::open(name, world); })),
      files_(std::move(files)),
      kms_trace_(up::state_directory(world, directory) + "/trace.jsonl"),
      refusals_(kms_trace_),
      events_(up::EventFile::open(directory).value()),
      report_(world),
      record_(world, values.text("--target"), std::move(not_observed)),
      annotations_(is_workflow_step() && !values.flag("--log-json")),
      timeline_(values.flag("--log-json"), command_line::read_colors(values, STDERR_FILENO),
                label_width(world), is_workflow_step()) {
    events_.begin(world, {values.text("FILE"), values.text("--target"), values.list("COMMAND"),
                          world.kms ? kms_trace_ : "", GLOVEBOX_VERSION});
}

void RunReports::take(const up::TimelineEntry& entry) {
    events_.take(entry);
    report_.take(entry);
    record_.take(entry);
    if (artifacts_)
        artifacts_->take(entry);
    if (!is_quiet_)
        timeline_.write(entry);
}

void RunReports::begin_group(const std::string& title) {
    if (!is_quiet_)
        annotations_.begin_group(title);
}

void RunReports::say_last(Event event, const std::string& sentence) {
    if (values_.flag("--log-json"))
        timeline_.write(up::own_entry(LogLevel::error, event, sentence));
    else
        std::cerr << "glovebox: " << sentence << (sentence.ends_with('\n') ? "" : "\n");
}

bool RunReports::note(const Result<void>& done) {
    if (!done)
        say_last("failed", done.error().message);
    return done.has_value();
}

// For people without the timeline's columns.
void RunReports::conclude(const up::WorldOutcome& outcome, const up::KmsRecord& kms,
                          bool is_trace_kept) {
    if (is_quiet_ && !outcome.is_good)
        for (const std::string& part : outcome.failed_parts)
            if (const std::string lines = report_.last_lines().of(part); !lines.empty())
                say_last("failed", fmt::format("the last lines of {}, which -q hides:\n{}", part,
                                               indented(lines)));
    for (const up::NotRun& one : outcome.not_run)
        say_last("not_run", sentence_of(one));
    if (!is_quiet_ || !outcome.is_good) {
        for (const std::string& refused : kms.refused)
            say_last("refused", "KMS refused " + refused);
        if (kms.further_kinds > 0)
            say_last("refused",
                     fmt::format("KMS refused {} more kinds of requests", kms.further_kinds));
        if (is_trace_kept && !kms.refused.empty())
            say_last("refused", "`glovebox kms explain` has more about the last refusal");
    }
    for (const std::string& failure : outcome.failures)
        say_last("failed", failure);
    if (chaos_ && !outcome.is_good)
        say_last("chaos", fmt::format("`glovebox up --chaos {}` draws the faults of this run again",
                                      *chaos_));
}

// In a step of a workflow, on the page of its run. What was refused in a run that passes may have
// been the test.
void RunReports::annotate(const up::WorldOutcome& outcome, const up::KmsRecord& kms) {
    const Severity refused = outcome.is_good ? Severity::notice : Severity::error;
    for (const std::string& failure : outcome.failures)
        annotations_.add(Severity::error, "Glovebox: the world failed", failure);
    for (const up::NotRun& one : outcome.not_run)
        annotations_.add(Severity::warning, "Glovebox: not run", sentence_of(one));
    for (const std::string& refusal : kms.refused)
        annotations_.add(refused, "Glovebox: KMS refused " + refusal.substr(0, refusal.find(' ')),
                         refusal);
    for (const auto& refusal : report_.refusals())
        annotations_.add(refused, "Glovebox: connection of " + refusal.part, refusal.sentence);
}

// With every event, and why the KMS refused what it refused.
boost::json::object RunReports::whole_record(const up::WorldOutcome& outcome,
                                             const up::KmsRecord& kms) const {
    constexpr std::size_t decisions_max = 1000;
    boost::json::object record = record_.document(outcome, report_, GLOVEBOX_VERSION);
    record["decisions"] = kms::refusal_reports(kms.trace, decisions_max);
    if (auto all = events_.read())
        record["events"] = std::move(*all);
    if (events_.further() > 0) {
        if (!record.contains("further"))
            record["further"] = boost::json::object();
        record["further"].as_object()["events"] = events_.further();
    }
    if (events_.lost() > 0)
        record["lost"] = events_.lost();
    if (chaos_)
        record["chaos"] = *chaos_;
    return record;
}

bool RunReports::write_files(const up::WorldOutcome& outcome, const up::KmsRecord& kms) {
    if (const auto failure = events_.failure())
        static_cast<void>(note(*failure));
    boost::json::object record = whole_record(outcome, kms);
    bool are_complete = true;
    if (files_.record)
        are_complete &= note(files_.record->write(json_document(record)));
    if (files_.junit)
        are_complete &=
            note(files_.junit->write(up::junit_report(up::parts_of(world_), outcome, report_)));
    const std::string text = json_text(record);
    if (const auto last = up::last_record())
        static_cast<void>(up::keep(text, *last));
    if (artifacts_) {
        const auto subject = inspect::ended_run(std::move(record));
        inspect::ExportPage page(*subject);
        are_complete &= note(artifacts_->finish(kms, text, [&] { return page.next(); }));
    }
    if (summary_)
        are_complete &= note(summary_->append(up::world_summary(outcome, report_, kms)));
    return are_complete;
}

bool RunReports::finish(const up::WorldOutcome& outcome) {
    annotations_.end_group();
    const up::KmsRecord kms = refusals_.read();
    const auto last_trace = kms::last_world_trace();
    const bool is_trace_kept = up::keep(kms.trace, last_trace ? *last_trace : "");
    conclude(outcome, kms, is_trace_kept);
    if (!is_quiet_ || !outcome.has_passed())
        annotate(outcome, kms);
    return write_files(outcome, kms);
}

}  // namespace glovebox::cli
