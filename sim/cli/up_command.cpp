// SPDX-License-Identifier: Apache-2.0

// glovebox up: a world from one file, and a command in it.

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/printable.h"
#include "core/base/scratch.h"
#include "core/service/process_setup.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/chaos_option.h"
#include "sim/cli/commands.h"
#include "sim/cli/nitro_target.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/run_reports.h"
#include "sim/cli/shard_option.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/command_line/color_option.h"
#include "sim/kms/state_directory.h"
#include "sim/up/chaos.h"
#include "sim/up/hardware.h"
#include "sim/up/inspector_process.h"
#include "sim/up/machine_limits.h"
#include "sim/up/not_run.h"
#include "sim/up/run_record.h"
#include "sim/up/schema.h"
#include "sim/up/timeline.h"
#include "sim/up/traced_traffic.h"
#include "sim/up/world_file.h"
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

// For parts that run in other folders.
std::string pki_of(const Values& values) {
    const std::string path = PkiOption::of(values).path;
    return path.empty() ? path : std::filesystem::absolute(path).string();
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

// The world as its file and the options ask for it, limited to what its target has.
struct AskedWorld {
    explicit AskedWorld(const Values& values);

    bool in_machines;
    std::optional<up::Shard> shard;
    up::WorldFile parts;
    std::optional<std::uint64_t> chaos;  // the seed
    std::size_t drawn = 0;               // faults
    std::optional<NitroTarget> nitro;
    std::vector<up::NotRun> not_run;
};

AskedWorld::AskedWorld(const Values& values)
    : in_machines(values.text("--target") == "vm"), shard(shard_of(values)) {
    const std::string file = values.text("FILE");
    const Bytes content = command_line::read_file(file, world_bytes_max).value();
    const auto folder = std::filesystem::absolute(file).parent_path().string();
    parts = up::parse_world_file(as_text(content), file, folder, variables_in(shard)).value();
    if (!parts.kms && up::trusts_by_environment(parts) && !values.has("--world"))
        throw ErrorException(invalid_input(
            file +
            ": kms: missing: trust_env trusts the TLS authority of the world's KMS. Of a KMS "
            "elsewhere, put the authority's certificate into the world as "
            "DIRECTORY/tls/ca.pem, and give --world DIRECTORY/"));
    if (shard)
        for (auto& variable : up::variables_of(*shard))
            parts.parent.environment.push_back(std::move(variable));
    parts.faults.is_on |= values.flag("--faults");
    parts.trace_connections = values.flag("--trace-connections");
    for (const std::string& text : values.list("--trace-traffic"))
        up::trace_traffic(parts, text).value();
    chaos = chaos_seed(values);
    drawn = chaos ? add_chaos(parts, *chaos) : 0;
    if (values.text("--target") == "nitro")
        nitro.emplace(parts);
    not_run = in_machines ? up::limit_to_machines(parts)
              : nitro     ? up::limit_to_hardware(parts)
                          : std::vector<up::NotRun>();
    if (!parts.faults.is_on)
        chaos.reset();  // the target has no faults to draw
}

up::RunOptions run_options(const Values& values, const AskedWorld& world, RunReports& reports) {
    up::RunOptions options;
    options.program = std::filesystem::read_symlink("/proc/self/exe").string();
    options.pki = pki_of(values);
    options.command = values.list("COMMAND");
    options.in_machines = world.in_machines;
    options.on_hardware = world.nitro.has_value();
    options.abort_on_exit = values.flag("--abort-on-exit");
    options.is_ready = [&reports] { reports.end_group(); };
    options.is_ending = [&reports] { reports.begin_group("Glovebox: the world ends"); };
    return options;
}

// Runs the world in this directory to its end.
up::WorldOutcome run_world(const Values& values, AskedWorld& world, const transports::World& opened,
                           RunReports& reports) {
    boost::asio::io_context context(1);
    const auto tell = [&](const up::TimelineEntry& entry) { reports.take(entry); };
    // A signal that arrives while the inspector starts is kept for the world.
    boost::asio::signal_set signals(context, SIGTERM, SIGINT, SIGCHLD);
    for (const int number : {SIGHUP, SIGQUIT})
        signals.add(number);
    up::RunOptions options = run_options(values, world, reports);
    std::optional<up::InspectorProcess> inspector;
    if (values.flag("--inspect")) {
        inspector.emplace(up::InspectorProcess::start(
                              context, options.program, opened.path(), options.pki,
                              [&](const up::TimelineEntry& entry) { reports.show(entry); })
                              .value());
        inspector->await_address(context).value();
    }
    for (const up::NotRun& one : world.not_run)
        tell(entry_of(one));
    if (const auto notice = up::traced_traffic_notice(world.parts))
        tell(*notice);
    if (world.chaos)
        tell(up::own_entry(LogLevel::info, "chaos",
                           fmt::format("--chaos {} draws {} faults", *world.chaos, world.drawn)));
    if (world.nitro)
        world.nitro->require(tell);
    up::WorldRun run(context, opened, world.parts, std::move(options), tell);
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
    const auto began = std::chrono::steady_clock::now();
    boost::asio::co_spawn(
        context,
        [&]() -> boost::asio::awaitable<void> {
            judged = judge(co_await run.run(), run);
            judged.file = values.text("FILE");
            judged.command = values.list("COMMAND");
            judged.artifacts = values.text("--artifacts");
            judged.not_run = world.not_run;
            judged.shard = world.shard;
            judged.run_id = run_id_of(values);
            judged.lasted = std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::steady_clock::now() - began);
            if (world.nitro)
                if (const auto ended = world.nitro->end(world.parts, opened.path()); !ended) {
                    judged.failures.push_back("an enclave may still run: " + ended.error().message);
                    judged.is_good = false;
                }
            reports.end_events(judged);
            if (inspector)
                co_await inspector->finish();
            has_ended = true;
            signals.cancel();
        },
        boost::asio::detached);
    context.run();
    return judged;
}

std::vector<std::string_view> not_observed(const AskedWorld& world) {
    if (world.in_machines)
        return up::not_observed_in_machines();
    return world.nitro ? up::not_observed_on_hardware() : std::vector<std::string_view>();
}

int up_world(const Values& values) {
    if (values.flag("--schema")) {
        std::cout << up::world_schema();
        return exit_done;
    }
    const bool is_check = values.flag("--check");
    ReportFiles files = is_check ? ReportFiles() : ReportFiles::open(values);
    AskedWorld world(values);
    if (is_check) {
        const bool can_start =
            !world.nitro || world.nitro->print(command_line::read_colors(values, STDOUT_FILENO));
        return can_start ? report_check(values.text("FILE"), world.not_run) : exit_failed;
    }
    if (world.in_machines)
        check_machine(values, world.parts);
    core::ignore_write_signals();
    std::optional<Scratch> temporary;
    std::string directory = values.text("--world");
    if (directory.empty()) {
        auto made = Scratch::make_folder(std::filesystem::temp_directory_path(), "glovebox-up-");
        if (!made)
            throw ErrorException(Error(made.error()).in("cannot create a world"));
        directory = temporary.emplace(std::move(*made)).path();
    }
    const auto opened = transports::World::open(directory).value();
    // By its directory, as its parts know it: --world may be a name.
    RunReports reports(values, std::move(files), world.parts, opened->path(), not_observed(world),
                       world.chaos);
    reports.begin_group("Glovebox: the world starts");
    const up::WorldOutcome outcome = run_world(values, world, *opened, reports);
    const bool are_complete = reports.finish(outcome);
    const int status = outcome.status.value_or(exit_failed);
    if (status != exit_done)
        return status;
    if (!are_complete)
        return exit_failed;
    return outcome.has_passed() ? exit_done : outcome.is_good ? up::exit_not_run : exit_failed;
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
                    shard_option(),
                    run_id_option(),
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
                    {.name = "--trace-traffic",
                     .placeholder = "NAME[=BYTES]",
                     .repeat = Repeat::list,
                     .summary = "Have the first BYTES (1024 unless given) of each direction of the "
                                "connections of this proxy, enclave or forward on the timeline and "
                                "in the record, with whatever secrets they have; parent is the "
                                "command"},
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
        .examples =
            {{"Run a world until Ctrl-C, or until the last enclave has ended",
              "glovebox up world.yaml"},
             {"Run a test in it as a parent program and return its exit status",
              "glovebox up world.yaml -- python3 test.py"},
             {"The same in a CI, with a summary and what the run left",
              "glovebox up --summary summary.md --artifacts glovebox world.yaml -- "
              "python3 test.py"},
             {"The first of three parts of a test suite, and its record for `glovebox merge`",
              "glovebox up --shard 0/3 --record run-0.json world.yaml -- ./test"},
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
                     "glovebox-merge(1)", "glovebox-proxy(1)", "glovebox-run(1)"},
        .run = up_world};
}

}  // namespace glovebox::cli
