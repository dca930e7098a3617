// SPDX-License-Identifier: Apache-2.0

// glovebox up: a world from one file, and a command in it.

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "core/base/scratch.h"
#include "core/base/workflow_commands.h"
#include "core/service/process_setup.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/chaos_option.h"
#include "sim/cli/commands.h"
#include "sim/cli/nitro_target.h"
#include "sim/cli/pki_option.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/command_line/color_option.h"
#include "sim/inspect/export_page.h"
#include "sim/inspect/subject.h"
#include "sim/kms/decision_report.h"
#include "sim/kms/state_directory.h"
#include "sim/up/annotations.h"
#include "sim/up/artifacts.h"
#include "sim/up/chaos.h"
#include "sim/up/event_file.h"
#include "sim/up/hardware.h"
#include "sim/up/inspector_process.h"
#include "sim/up/junit.h"
#include "sim/up/kms_refusals.h"
#include "sim/up/last_run.h"
#include "sim/up/machine_limits.h"
#include "sim/up/not_run.h"
#include "sim/up/part_commands.h"
#include "sim/up/report_file.h"
#include "sim/up/run_record.h"
#include "sim/up/schema.h"
#include "sim/up/summary.h"
#include "sim/up/timeline.h"
#include "sim/up/world_file.h"
#include "sim/up/world_report.h"
#include "sim/up/world_run.h"
#include "sim/vm/kernel.h"
#include "sim/vm/setup.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view world_file = R"(role_arn: arn:aws:iam::111122223333:role/parent
kms: {seed: keys.yaml}
imds: {}
proxies:
  kms: {listen: 8000=kms.us-east-1.amazonaws.com:443}
enclaves:
  server: {command: python3 server.py, cid: 16, ready: 5005}
forwards:
  in: {listen: 8443=server:5005})";

constexpr std::size_t world_bytes_max = 1024 * 1024;

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

// The run as it is judged by whoever started it. A command that failed is a failed part, "parent".
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

void say_last(const Values& values, up::Timeline& timeline, Event event,
              const std::string& sentence) {
    if (values.flag("--log-json"))
        timeline.write(up::own_entry(LogLevel::error, event, sentence));
    else
        std::cerr << "glovebox: " << sentence << (sentence.ends_with('\n') ? "" : "\n");
}

// The last lines on standard error: for people without the timeline's columns.
void conclude(const up::WorldOutcome& run, const up::WorldReport& report, const up::KmsRecord& kms,
              bool is_trace_kept, const Values& values, up::Timeline& timeline) {
    const bool is_quiet = values.flag("--quiet");
    const auto say = [&](Event event, const std::string& sentence) {
        say_last(values, timeline, event, sentence);
    };
    if (is_quiet && !run.is_good)
        for (const std::string& part : run.failed_parts)
            if (const std::string lines = report.last_lines().of(part); !lines.empty())
                say("failed", fmt::format("the last lines of {}, which -q hides:\n{}", part,
                                          indented(lines)));
    for (const up::NotRun& one : run.not_run)
        say("not_run", sentence_of(one));
    if (!is_quiet || !run.is_good) {
        for (const std::string& refused : kms.refused)
            say("refused", "KMS refused " + refused);
        if (kms.further_kinds > 0)
            say("refused", fmt::format("KMS refused {} more kinds of requests", kms.further_kinds));
        if (is_trace_kept && !kms.refused.empty())
            say("refused", "`glovebox kms explain` has more about the last refusal");
    }
    for (const std::string& failure : run.failures)
        say("failed", failure);
}

// In a step of a workflow, on the page of its run. What was refused in a run that passes may have
// been the test.
void annotate(const up::WorldOutcome& run, const up::WorldReport& report, const up::KmsRecord& kms,
              up::Annotations& annotations) {
    const Severity refused = run.is_good ? Severity::notice : Severity::error;
    for (const std::string& failure : run.failures)
        annotations.add(Severity::error, "Glovebox: the world failed", failure);
    for (const up::NotRun& one : run.not_run)
        annotations.add(Severity::warning, "Glovebox: not run", sentence_of(one));
    for (const std::string& refusal : kms.refused)
        annotations.add(refused, "Glovebox: KMS refused " + refusal.substr(0, refusal.find(' ')),
                        refusal);
    for (const auto& refusal : report.refusals())
        annotations.add(refused, "Glovebox: connection of " + refusal.part, refusal.sentence);
}

// For parts that run in other folders.
std::string pki_of(const Values& values) {
    const std::string path = PkiOption::of(values).path;
    return path.empty() ? path : std::filesystem::absolute(path).string();
}

// With every event, and why the KMS refused what it refused.
boost::json::object whole_record(boost::json::object record, const up::EventFile& events,
                                 std::string_view trace) {
    constexpr std::size_t decisions_max = 1000;
    record["decisions"] = kms::refusal_reports(trace, decisions_max);
    if (auto all = events.read())
        record["events"] = std::move(*all);
    if (events.further() > 0) {
        if (!record.contains("further"))
            record["further"] = boost::json::object();
        record["further"].as_object()["events"] = events.further();
    }
    if (events.lost() > 0)
        record["lost"] = events.lost();
    return record;
}

// What a world in virtual machines needs of this machine, before anything starts. The mock root
// and the KMS's folder are made here, since what a machine writes beside the shared folders is gone
// with it.
void check_machine(const Values& values, const up::WorldFile& world) {
    const vm::Platform platform = vm::this_platform().value();
    vm::check_programs(platform).value();
    vm::Kernel::open(vm::folder_of(vm::kernel_cache().value(), vm::release_with_9p, platform),
                     vm::release_with_9p)
        .value();
    SystemRandom random;
    nsm::open_pki(PkiOption::of(values).directory().value(), random).value();
    if (world.kms && !world.kms->state.empty())
        kms::open_state_directory(world.kms->state).value();
}

// What --check says of a file without a mistake.
int report_check(const std::string& file, const std::vector<up::NotRun>& not_run) {
    std::cout << printable(file) << ": no mistake was found\n";
    for (const up::NotRun& one : not_run)
        std::cout << printable(sentence_of(one)) << '\n';
    return not_run.empty() ? exit_done : up::exit_not_run;
}

// Returns how many faults are drawn.
std::size_t add_chaos(up::WorldFile& world, std::uint64_t seed) {
    auto drawn = up::draw_faults(seed, world);
    if (drawn.empty())
        throw ErrorException(invalid_input(
            "--chaos: the world has no enclave, proxy, KMS or metadata service that could fail"));
    world.faults.is_on = true;
    const std::size_t count = drawn.size();
    std::move(drawn.begin(), drawn.end(), std::back_inserter(world.faults.faults));
    return count;
}

std::optional<up::ReportFile> open_report(const Values& values, const std::string& option) {
    const auto name = values.find_text(option);
    return name ? std::optional(up::ReportFile::open(option, *name).value()) : std::nullopt;
}

std::chrono::milliseconds steady_time() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
}

int up_world(const Values& values) {
    if (values.flag("--schema")) {
        std::cout << up::world_schema();
        return exit_done;
    }
    const std::string file = values.text("FILE");
    const bool is_quiet = values.flag("--quiet");
    const Bytes content = command_line::read_file(file, world_bytes_max).value();
    const auto folder = std::filesystem::absolute(file).parent_path().string();
    up::WorldFile parts =
        up::parse_world_file(as_text(content), file, folder, up::look_in_environment).value();
    parts.faults.is_on |= values.flag("--faults");
    parts.trace_connections = values.flag("--trace-connections");
    auto seed = chaos_seed(values);
    const std::size_t drawn = seed ? add_chaos(parts, *seed) : 0;
    const bool in_machines = values.text("--target") == "vm";
    std::optional<NitroTarget> nitro;
    if (values.text("--target") == "nitro")
        nitro.emplace(parts);
    const std::vector<up::NotRun> not_run = in_machines ? up::limit_to_machines(parts)
                                            : nitro     ? up::limit_to_hardware(parts)
                                                        : std::vector<up::NotRun>();
    if (!parts.faults.is_on)
        seed.reset();  // the target has no faults to draw
    if (values.flag("--check")) {
        const bool can_start =
            !nitro || nitro->print(command_line::read_colors(values, STDOUT_FILENO));
        return can_start ? report_check(file, not_run) : exit_failed;
    }
    if (in_machines)
        check_machine(values, parts);
    core::ignore_write_signals();
    std::optional<up::SummaryFile> summary;
    if (const auto name = values.find_text("--summary"))
        summary.emplace(up::SummaryFile::open(*name).value());
    std::optional<up::Artifacts> artifacts;
    if (const auto name = values.find_text("--artifacts"))
        artifacts.emplace(up::Artifacts::open(*name, parts).value());
    std::optional<up::ReportFile> record_file = open_report(values, "--record");
    std::optional<up::ReportFile> junit_file = open_report(values, "--junit");
    std::optional<Scratch> temporary;
    std::string directory = values.text("--world");
    if (directory.empty()) {
        auto made = Scratch::make_folder(std::filesystem::temp_directory_path(), "glovebox-up-");
        if (!made)
            throw ErrorException(Error(made.error()).in("cannot create a world"));
        directory = temporary.emplace(std::move(*made)).path();
    }
    const auto opened = transports::World::open(directory).value();
    up::EventFile events = up::EventFile::open(opened->path()).value();
    const bool is_step = is_workflow_step();
    up::Annotations annotations(is_step && !values.flag("--log-json"));
    up::WorldReport report(parts);
    up::RunRecord record(parts, values.text("--target"),
                         in_machines ? up::not_observed_in_machines()
                         : nitro     ? up::not_observed_on_hardware()
                                     : std::vector<std::string_view>());
    up::RunOptions options;
    options.program = std::filesystem::read_symlink("/proc/self/exe").string();
    options.pki = pki_of(values);
    options.command = values.list("COMMAND");
    options.in_machines = in_machines;
    options.on_hardware = nitro.has_value();
    options.abort_on_exit = values.flag("--abort-on-exit");
    if (!is_quiet) {
        annotations.begin_group("Glovebox: the world starts");
        options.is_ready = [&] { annotations.end_group(); };
        options.is_ending = [&] { annotations.begin_group("Glovebox: the world ends"); };
    }
    up::Timeline timeline(values.flag("--log-json"),
                          command_line::read_colors(values, STDERR_FILENO), label_width(parts),
                          is_step);

    // By its directory, as its parts know it: --world may be a name.
    const std::string trace = up::state_directory(parts, opened->path()) + "/trace.jsonl";
    const up::KmsRefusals refusals(trace);
    events.begin(parts, {file, values.text("--target"), values.list("COMMAND"),
                         parts.kms ? trace : "", GLOVEBOX_VERSION});
    boost::asio::io_context context(1);
    const auto tell = [&](const up::TimelineEntry& entry) {
        events.take(entry);
        report.take(entry);
        record.take(entry);
        if (artifacts)
            artifacts->take(entry);
        if (!is_quiet)
            timeline.write(entry);
    };
    // A signal that arrives while the inspector starts is kept for the world.
    boost::asio::signal_set signals(context, SIGTERM, SIGINT, SIGCHLD);
    for (const int number : {SIGHUP, SIGQUIT})
        signals.add(number);
    std::optional<up::InspectorProcess> inspector;
    if (values.flag("--inspect")) {
        inspector.emplace(up::InspectorProcess::start(
                              context, options.program, opened->path(), options.pki,
                              [&](const up::TimelineEntry& entry) { timeline.write(entry); })
                              .value());
        inspector->await_address(context).value();
    }
    for (const up::NotRun& one : not_run)
        tell(entry_of(one));
    if (seed)
        tell(up::own_entry(LogLevel::info, "chaos",
                           fmt::format("--chaos {} draws {} faults", *seed, drawn)));
    if (nitro)
        nitro->require(tell);
    up::WorldRun run(context, *opened, parts, std::move(options), tell);
    bool has_ended = false;  // a signal's handler may be on its way when the last wait is cancelled
    std::function<void()> watch = [&] {
        signals.async_wait([&](const boost::system::error_code& failure, int signal) {
            if (failure || has_ended)
                return;
            if (signal == SIGCHLD)
                run.look();
            else
                run.stop(signal);
            watch();
        });
    };
    watch();
    up::WorldOutcome judged;
    const auto began = steady_time();
    boost::asio::co_spawn(
        context,
        [&]() -> boost::asio::awaitable<void> {
            judged = judge(co_await run.run(), run);
            judged.file = file;
            judged.not_run = not_run;
            if (nitro)
                if (const auto ended = nitro->end(parts, opened->path()); !ended) {
                    judged.failures.push_back("an enclave may still run: " + ended.error().message);
                    judged.is_good = false;
                }
            judged.command = values.list("COMMAND");
            judged.artifacts = values.text("--artifacts");
            events.finish(judged);
            if (inspector)
                co_await inspector->finish();
            has_ended = true;
            signals.cancel();
        },
        boost::asio::detached);
    context.run();
    annotations.end_group();
    const up::KmsRecord kms = refusals.read();
    const auto last_trace = kms::last_world_trace();
    const bool is_trace_kept = up::keep(kms.trace, last_trace ? *last_trace : "");
    conclude(judged, report, kms, is_trace_kept, values, timeline);
    if (seed && !judged.is_good)
        say_last(values, timeline, "chaos",
                 fmt::format("`glovebox up --chaos {}` draws the faults of this run again", *seed));
    if (!is_quiet || !judged.has_passed())
        annotate(judged, report, kms, annotations);
    // What could not be kept makes no run fail that passed, and is said.
    const auto note = [&](const Result<void>& done) {
        if (!done)
            std::cerr << "glovebox: " << done.error().message << '\n';
    };
    if (const auto failure = events.failure())
        note(*failure);
    auto whole = whole_record(record.document(judged, report, GLOVEBOX_VERSION), events, kms.trace);
    if (seed)
        whole["chaos"] = *seed;
    if (record_file)
        note(record_file->write(json_document(whole)));
    if (artifacts)
        note(artifacts->finish(kms, json_text(whole),
                               inspect::export_page(*inspect::ended_run(whole))));
    if (junit_file)
        note(junit_file->write(
            up::junit_report(up::parts_of(parts), judged, report, steady_time() - began)));
    if (const auto last = up::last_record())
        static_cast<void>(up::keep(json_text(whole), *last));
    if (summary)
        note(summary->append(up::world_summary(judged, report, kms)));
    const int status = judged.status.value_or(exit_failed);
    if (status != exit_done)
        return status;
    return judged.has_passed() ? exit_done : judged.is_good ? up::exit_not_run : exit_failed;
}

}  // namespace

Command up_command() {
    return {
        .name = "up",
        .summary = "Start a world from one file, and run a command in it",
        .description =
            {"Starts the KMS, the metadata service, the proxies, the enclaves and the forwards "
             "that the file names, in the order of what they need, and then the command as a "
             "parent program. Without a command the world runs until Ctrl-C, or until its last "
             "enclave has ended. docs/up.md has every key of the file.",
             "An enclave that fails while the command runs does not end it: the last lines on "
             "standard error say which enclaves failed, and the status is then 1 where the "
             "command's own is 0.",
             "The command finds AWS_REGION, AWS_ENDPOINT_URL_KMS, "
             "AWS_EC2_METADATA_SERVICE_ENDPOINT and GLOVEBOX_WORLD in its environment. Standard "
             "error shows the output of all parts in the order of time.",
             "In a step of GitHub Actions (GITHUB_ACTIONS=true), the lines of the start and of the "
             "end are groups, and failures and refusals are annotations. No text of a part is a "
             "workflow command there. docs/ci.md has a whole job."},
        .options = {{.name = "--world",
                     .placeholder = "NAME",
                     .summary = "Use the world of this name or directory, and keep it",
                     .default_note = "a new one, which is removed at the end",
                     .completion = Completion::world},
                    {.name = "--target",
                     .kind = Kind::choice,
                     .placeholder = "TARGET",
                     .noun = "a place for a world",
                     .choices = {"sim", "vm", "nitro"},
                     .summary = "Where the world runs: sim, on this machine; vm, in virtual "
                                "machines with the kernel's own AF_VSOCK; nitro, on this EC2 "
                                "instance with Nitro Enclaves, AWS's KMS and its metadata",
                     .default_value = "sim"},
                    {.name = "--abort-on-exit",
                     .kind = Kind::flag,
                     .summary = "End the world with status 1 when the first enclave ends, unless "
                                "the enclave has allow_exit or is started again"},
                    {.name = "--faults",
                     .kind = Kind::flag,
                     .summary = "Connections can have faults (`glovebox fault`), as with `faults: "
                                "true` in the file"},
                    chaos_option(),
                    {.name = "--schema",
                     .kind = Kind::flag,
                     .summary = "Print the JSON schema of world files, for editors, and exit"},
                    {.name = "--check",
                     .kind = Kind::flag,
                     .summary = "Look for mistakes in the file and for what the target does not "
                                "have, start nothing, and exit with 0 if there is neither"},
                    {.name = "--quiet",
                     .letter = 'q',
                     .kind = Kind::flag,
                     .summary = "Show only what the command itself writes; if the world fails, "
                                "also the last lines of the failed parts, the command's refused "
                                "connections and the KMS's refusals"},
                    {.name = "--log-json",
                     .kind = Kind::flag,
                     .summary = "Write the timeline as one JSON object per line: time, level, "
                                "component, event, message, part, and the fields of docs/logs.md"},
                    {.name = "--summary",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "Append a summary in Markdown to this file, for "
                                "$GITHUB_STEP_SUMMARY: the enclaves and their measurements, what "
                                "was refused, and why"},
                    {.name = "--artifacts",
                     .kind = Kind::directory,
                     .placeholder = "DIR",
                     .summary = "Keep the timeline, the enclaves' consoles, the KMS's trace and "
                                "its explanations in this folder, in place of an earlier run's"},
                    {.name = "--record",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "Write what the run did as JSON, for `glovebox compare`: parts, "
                                "measurements, connections, requests to the security modules and "
                                "to the KMS, and how all of them ended"},
                    {.name = "--trace-connections",
                     .kind = Kind::flag,
                     .summary = "Have each connection of the enclaves and of the command on the "
                                "timeline and in the record, with its bytes"},
                    {.name = "--junit",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "Write a JUnit report: a test case for each part's health and one "
                                "for the command"},
                    {.name = "--inspect",
                     .kind = Kind::flag,
                     .summary = "Show the world on a page while it runs (`glovebox inspect`); the "
                                "timeline has its address first"},
                    command_line::color_option(),
                    PkiOption::option()},
        .positionals = {{.name = "FILE", .kind = Kind::file, .summary = "The world's file"},
                        {.name = "COMMAND",
                         .repeat = Repeat::list,
                         .summary = "The command and its arguments, after --",
                         .completion = Completion::program}},
        .requirements = {{{"FILE", "--schema"}}},
        .examples = {{"Run a world until Ctrl-C, or until the last enclave has ended",
                      "glovebox up world.yaml"},
                     {"Run a test in it as a parent program and return its exit status",
                      "glovebox up world.yaml -- python3 test.py"},
                     {"The same in a CI, with a summary and what the run left",
                      "glovebox up --summary summary.md --artifacts glovebox world.yaml -- "
                      "python3 test.py"},
                     {"Completion and checks of world files in an editor: name the schema in the "
                      "file's first line, # yaml-language-server: $schema=world.schema.json",
                      "glovebox up --schema > world.schema.json"}},
        .sections = {{"World file", world_file, true}},
        .exit_codes = {{"N", "the command's exit status"},
                       {"1", "a part of the world could not be started, or failed"},
                       {"2", "the command line is wrong"},
                       {"77",
                        "nothing failed, but the target does not have all that the file "
                        "asks for: the lines \"not run\" say what"}},
        .see_also = {"glovebox-compare(1)", "glovebox-imds(1)", "glovebox-kms(1)",
                     "glovebox-proxy(1)", "glovebox-run(1)"},
        .run = up_world};
}

}  // namespace glovebox::cli
