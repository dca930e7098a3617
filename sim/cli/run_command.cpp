// SPDX-License-Identifier: Apache-2.0

// glovebox run: an unmodified program as an enclave.

#include <filesystem>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/egress_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/mock_nsm_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/sandbox_option.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/trust_option.h"
#include "sim/cli/world_option.h"
#include "sim/command_line/failure.h"
#include "sim/enclave/delegation.h"
#include "sim/enclave/enclave_run.h"
#include "sim/enclave/foreground.h"
#include "sim/nitro_cli/image_run.h"

namespace glovebox::cli {
namespace {

// An image brings its program, its files and its environment, and has a sandbox always.
std::string excluded_by_eif(const enclave::EnclaveRun& run, const Values& values) {
    if (!run.arguments.empty())
        return "a program: the image has its own command";
    if (!run.room.root_fs.empty())
        return "--rootfs: the image has its own files";
    if (!run.room.mounts.empty())
        return "--mount: the image has its own files";
    if (!run.room.environment.empty())
        return "--env: the image has its own environment";
    if (!run.room.is_none())
        return "";
    return values.is_argument("--isolation")
               ? "--isolation none"
               : "GLOVEBOX_ISOLATION=none, which is set: an image runs in a sandbox always; "
                 "unset it, or give --isolation sandbox";
}

void check_run(const enclave::EnclaveRun& run, const Values& values) {
    if (values.flag("--detach") && run.room.is_none())
        throw UsageError(
            "--detach excludes --isolation none: only the sandbox keeps a console "
            "that `glovebox logs` prints later");
    if (!values.text("--eif").empty()) {
        if (const std::string excluded = excluded_by_eif(run, values); !excluded.empty())
            throw UsageError("--eif excludes " + excluded);
        return;
    }
    if (run.arguments.empty() && run.room.root_fs.empty())
        throw UsageError("a program is missing: glovebox run -- PROGRAM [ARGUMENT...]");
    if (!run.arguments.empty() && run.arguments.front().empty())
        throw UsageError("the name of the program is empty");
    if (run.room.is_none() && (!run.room.root_fs.empty() || !run.room.mounts.empty()))
        throw UsageError(std::string("--isolation none excludes ") +
                         (run.room.root_fs.empty() ? "--mount" : "--rootfs"));
}

// `glovebox forward --egress`, in the sandbox, as the program's parent.
std::vector<std::string> egress_launcher(const core::EgressOptions& egress, const Values& values) {
    std::vector<std::string> launcher{std::filesystem::read_symlink("/proc/self/exe").string(),
                                      "forward"};
    for (std::string& argument : egress_arguments(egress))
        launcher.push_back(std::move(argument));
    // The enclave ends with its program.
    launcher.insert(launcher.end(),
                    {"--grace", "0s", "--log-level", values.text("--log-level"), "--"});
    return launcher;
}

void check_egress(const enclave::EnclaveRun& run, const Values& values) {
    const auto exclude = [](std::string_view other) {
        throw UsageError(std::string("--egress excludes ") + std::string(other));
    };
    if (!values.text("--eif").empty())
        exclude(
            "--eif: an image starts what it needs itself. Put glovebox into the image, and start "
            "its program by: glovebox forward --egress -- PROGRAM");
    if (!run.room.root_fs.empty())
        exclude(
            "--rootfs: put glovebox into the root file system, and start its program by: "
            "glovebox forward --egress -- PROGRAM");
    if (run.room.is_none())
        exclude(
            "--isolation none: without a sandbox the program has this machine's network, which "
            "needs no way out");
}

int run_image(const enclave::EnclaveRun& run, const std::string& eif,
              const enclave::TellFailure& tell, Log& log) {
    nitro_cli::ImageRun image;
    image.eif = eif;
    image.world = run.world;
    image.cid = run.cid;
    image.memory_mib = run.room.memory_mib;
    image.cpu_count = run.room.cpu_count;
    image.live_console = run.live_console;
    image.trace = run.trace;
    image.trace_connections = run.trace_connections;
    image.trace_traffic = run.trace_traffic;
    image.kernel_vsock = run.kernel_vsock;
    image.trust = run.trust;
    image.readiness = run.readiness;
    image.started = run.started;
    image.ended = run.ended;
    image.tell = tell;
    return image.run(nitro_cli::ImageRun::open(eif, image.memory_mib).value(), run.nsm, log);
}

int start_enclave(const Values& values) {
    if (const auto status = enclave::run_through_outer_supervisor().value())
        return *status;
    const ProgramOption program = ProgramOption::of(values);
    enclave::EnclaveRun run;
    run.world = program.world;
    run.arguments = program.arguments;
    run.trace = program.trace;
    run.trace_connections = program.trace_connections;
    run.trace_traffic = program.trace_traffic;
    run.kernel_vsock = program.kernel_vsock;
    run.room = read_room_settings(values);
    run.must_have_room = values.flag("--detach");
    run.trust = read_trust(values);
    run.nsm = read_module_settings(values);
    run.cid = values.find_number<core::Cid>("--cid");
    run.live_console = values.flag("--attach-console") || run.nsm.debug;
    run.readiness.port = values.find_number<core::Port>("--ready");
    run.readiness.limit = values.duration("--ready-timeout");
    if (const auto egress = read_egress(values)) {
        check_egress(run, values);
        run.room.launcher = egress_launcher(*egress, values);
        run.must_have_room = true;
    }
    check_run(run, values);
    enclave::Foreground foreground(std::cout, std::cerr, WorldOption::of(values).repeated(),
                                   run.live_console);
    if (values.flag("--detach"))
        foreground.detach();
    run.started = [&](const auto& record) { foreground.started(record); };
    run.readiness.reached = [&](const auto& record, int at) { foreground.reached(record, at); };
    run.ended = [&](const auto& record, int at) { foreground.ended(record, at); };
    const auto log = program.make_log(values, "run");
    const std::string eif = values.text("--eif");
    if (run.kernel_vsock)
        run.readiness.reached = [&](const auto& record, int at) {
            log->info("ready", "the enclave is ready");
            foreground.reached(record, at);
        };
    const auto tell = command_line::failure_writer("glovebox", values);
    return eif.empty() ? run.run(*log, tell) : run_image(run, eif, tell, *log);
}

}  // namespace

Command run_command() {
    Option cid = enclave_cid("--cid");
    cid.summary = "The enclave's CID";
    cid.default_note = "the first free one from 16";
    return {
        .name = "run",
        .summary = "Run a program as an enclave",
        .description =
            {"The program's AF_VSOCK sockets, /dev/vsock and /dev/nsm are simulated, as are those "
             "of every program that it starts, until the last of them has ended.",
             "In the sandbox the program is root in namespaces of its own. Its only network "
             "interface is lo, which is down. It sees the system's directories, the working "
             "directory and the directories of --mount; it cannot write there, or what it writes "
             "is discarded at exit. Its environment has PATH alone. Its standard streams are the "
             "enclave's console: `glovebox logs` prints it, and --attach-console and --debug show "
             "it here. With --isolation none the program keeps this machine's files, network and "
             "streams.",
             "Where PATH leads to a program in the home directory, as with a virtual environment "
             "or a version manager, the sandbox shows that program and the directories that it "
             "needs. If it cannot, the command fails, because the next match of PATH would be "
             "another program.",
             "PCR0 to PCR2 are measured from the executable file; for a script, from the "
             "interpreter, the script and the script's directory. --program names another file, "
             "and `glovebox nsm --program INTERPRETER --script FILE pcr` computes the same.",
             "Signals that would end `glovebox run` are passed on to the program. Those that "
             "cannot be passed on, SIGKILL among them, end the enclave too."},
        .options = command_line::joined(
            {{cid,
              {.name = "--eif",
               .kind = Kind::file,
               .placeholder = "FILE",
               .summary = "Start this enclave image as Nitro does"},
              {.name = "--attach-console",
               .kind = Kind::flag,
               .excludes = {"--detach"},
               .summary = "Show the console. On Nitro this requires debug mode, which zeroes PCR0 "
                          "to PCR2; here the measurements stay as they are"},
              {.name = "--detach",
               .letter = 'd',
               .kind = Kind::flag,
               .summary =
                   "Print the CID and return when the enclave is ready; the enclave stays in "
                   "the background"},
              {.name = "--ready",
               .kind = Kind::number,
               .placeholder = "PORT",
               .noun = "a vsock port",
               .least = 0,
               .most = 4294967294,
               .summary = "The enclave is ready when it listens on this vsock port",
               .default_note = "as soon as the program runs"},
              {.name = "--ready-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .needs = {"--ready"},
               .summary = "End an enclave that is not ready after this time",
               .default_value = "30s"}},
             ProgramOption::options(),
             room_options(),
             egress_options(),
             {trust_option()},
             module_options(),
             log_options("warning")}),
        .positionals = {ProgramOption::positional()},
        .examples = {{"A server in an enclave, and a client on the parent's side",
                      "glovebox run -d --ready 5005 -- python3 server.py\n"
                      "glovebox parent -- python3 client.py 16"},
                     {"Both in one line, with a CID of your choice",
                      "glovebox parent -- sh -c \\\n"
                      "    'glovebox run -d --ready 5005 --cid 20 -- ./server && ./client 20'"},
                     {"A program that reaches allowed hosts by their names, without any setting",
                      "glovebox proxy --listen 8001=connect --allow example.com:443 &\n"
                      "glovebox run --egress --attach-console -- curl https://example.com/"},
                     {"An enclave image",
                      "glovebox run --eif app.eif --memory 512 --cpus 2 --debug"},
                     {"A root file system, started as AWS's init starts an image's",
                      "glovebox run --rootfs ./rootfs --env MODE=test -- /app/server"}},
        .exit_codes = program_exit_codes(),
        .see_also = {"glovebox-eif(1)", "glovebox-logs(1)", "glovebox-parent(1)", "glovebox-ps(1)",
                     "glovebox-stop(1)", "nitro-cli(1)"},
        .run = start_enclave};
}

}  // namespace glovebox::cli
