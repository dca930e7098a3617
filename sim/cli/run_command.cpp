// SPDX-License-Identifier: Apache-2.0

// glovebox run: an unmodified program as an enclave.

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <optional>

#include "core/base/run_folder.h"
#include "sim/cli/commands.h"
#include "sim/cli/log_option.h"
#include "sim/cli/mock_nsm_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/sandbox_option.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/trust_option.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/console_tail.h"
#include "sim/enclave/detachment.h"
#include "sim/enclave/nsm_session.h"
#include "sim/nitro_cli/image_run.h"

namespace glovebox::cli {
namespace {

// The lines of a console that are shown when its program failed unseen.
constexpr std::size_t shown_lines = 10;
constexpr std::size_t shown_bytes = 4096;

struct RunCommand {
    ProgramOption program;
    SandboxOption sandbox;
    TrustOption trust;
    WorldOption world;
    std::string eif;
    std::optional<core::Cid> cid;
    bool attach_console = false;
    bool detach = false;
    enclave::Readiness readiness;
    std::optional<enclave::Detachment> detachment;
    enclave::ModuleSettings nsm;

    [[nodiscard]] static RunCommand of(const Values& values) {
        RunCommand command;
        command.program = ProgramOption::of(values);
        command.sandbox = SandboxOption::of(values);
        command.trust = TrustOption::of(values);
        command.world = WorldOption::of(values);
        command.eif = values.text("--eif");
        command.cid = values.find_number<core::Cid>("--cid");
        command.attach_console = values.flag("--attach-console");
        command.detach = values.flag("--detach");
        command.readiness.port = values.find_number<core::Port>("--ready");
        command.readiness.limit = values.duration("--ready-timeout");
        command.nsm = read_module_settings(values);
        return command;
    }

    [[nodiscard]] int run(const Values& values) {
        if (const auto status = run_from_outside())
            return *status;
        check(values);
        if (detach)
            detachment.emplace(enclave::Detachment::begin().value());
        readiness.reached = [this](const enclave::EnclaveRecord& record, int directory) {
            let_go(record, directory);
        };
        const auto to = program.make_log(values, "run");
        if (!eif.empty())
            return run_image(*to);
        enclave::RunOptions options;
        options.cid = cid;
        options.live_console = attach_console || nsm.debug;
        std::optional<enclave::Console> console;
        if (sandbox.is_none()) {
            options.program.extra_environment = trust.variables(program.world).value();
            for (std::string& variable : sandbox.variables().value())
                options.program.extra_environment.push_back(std::move(variable));
            if (sandbox.memory_mib || sandbox.cpu_count)
                to->warning("--memory and --cpus are not held with --isolation none");
            measure(supervisor::find_executable(program.arguments.front()));
        } else {
            console.emplace();
            options.console = &*console;
            plan_room(options, console->path());
        }
        options.record.command = program.arguments;
        options.record.directory = sandbox.root_fs;
        options.record.debug = nsm.debug;
        if (sandbox.memory_mib)
            options.record.memory_bytes = std::uint64_t{*sandbox.memory_mib} << 20;
        options.record.cpu_count = sandbox.cpu_count;
        options.started = [this, &options](const enclave::EnclaveRecord& record) {
            say_started(record, options.live_console);
        };
        options.ended = [this, &options](const enclave::EnclaveRecord& record, int directory) {
            if (!options.live_console)
                show_failure(record, directory);
        };
        options.readiness = readiness;
        const auto module = enclave::start_nsm_session(nsm, *to).value();
        options.nsm = &module->device();
        return program.run(options, *to);
    }

  private:
    [[nodiscard]] int run_image(Log& to) const {
        nitro_cli::ImageRun image;
        image.eif = eif;
        image.world = program.world;
        image.cid = cid;
        image.memory_mib = sandbox.memory_mib;
        image.cpu_count = sandbox.cpu_count;
        image.live_console = attach_console || nsm.debug;
        image.trace = program.trace;
        image.authority = trust.of_room(program.world).value();
        image.readiness = readiness;
        image.started = [this, &image](const enclave::EnclaveRecord& record) {
            say_started(record, image.live_console);
        };
        image.ended = [this, &image](const enclave::EnclaveRecord& record, int directory) {
            if (!image.live_console)
                show_failure(record, directory);
        };
        return image.run(nitro_cli::ImageRun::open(eif, image.memory_mib).value(), nsm, to);
    }

    void check(const Values& values) const {
        if (detach && sandbox.is_none())
            throw UsageError(
                "--detach excludes --isolation none: only the sandbox keeps a console "
                "that `glovebox logs` prints later");
        if (!eif.empty()) {
            if (const std::string excluded = excluded_by_eif(values); !excluded.empty())
                throw UsageError("--eif excludes " + excluded);
            return;
        }
        if (program.arguments.empty() && sandbox.root_fs.empty())
            throw UsageError("a program is missing: glovebox run -- PROGRAM [ARGUMENT...]");
        if (!program.arguments.empty() && program.arguments.front().empty())
            throw UsageError("the name of the program is empty");
        if (sandbox.is_none() && (!sandbox.root_fs.empty() || !sandbox.mounts.empty()))
            throw UsageError(fmt::format("--isolation none excludes {}",
                                         sandbox.root_fs.empty() ? "--mount" : "--rootfs"));
    }

    // An image brings its program, its files and its environment, and has a sandbox always.
    [[nodiscard]] std::string excluded_by_eif(const Values& values) const {
        if (!program.arguments.empty())
            return "a program";
        if (!sandbox.root_fs.empty())
            return "--rootfs";
        if (!sandbox.mounts.empty())
            return "--mount";
        if (!sandbox.environment.empty())
            return "--env";
        if (!sandbox.is_none())
            return "";
        return values.is_argument("--isolation")
                   ? "--isolation none"
                   : "GLOVEBOX_ISOLATION=none, which is set: an image runs in a sandbox always; "
                     "unset it, or give --isolation sandbox";
    }

    void plan_room(enclave::RunOptions& options, const std::string& console_path) {
        std::vector<std::string> hidden{world.path(), run_folder()};
        if (auto pki = nsm.pki_directory())
            hidden.push_back(std::filesystem::absolute(*pki).lexically_normal().string());
        const SandboxRequest request =
            SandboxRequest::make(sandbox, program.arguments, std::move(hidden), console_path,
                                 trust.of_room(program.world).value())
                .value();
        options.room = request.plan().value();
        options.room_is_a_wish = sandbox.is_a_wish() && !detach;
        options.shortfalls = LogLevel::warning;
        program.hint_when_missing = request.explain_missing_program();
        measure(request.executable());
    }

    // A program that isn't there is nothing to measure; as on Nitro, the enclave boots all the same
    // and then can't start it.
    void measure(const std::string& executable) {
        std::error_code ignored;
        if (nsm.program.empty() && std::filesystem::is_regular_file(executable, ignored))
            nsm.program = executable;
    }

    void say_started(const enclave::EnclaveRecord& record, bool is_live) const {
        if (record.isolation == "sandbox" && !is_live)
            std::cerr << fmt::format(
                "Started the enclave with CID {0}. Its console: glovebox logs "
                "-f {0}{1}\n",
                record.cid, world.repeated());
    }

    // Ready: a detached run leaves the terminal, after the CID for whoever reads it.
    void let_go(const enclave::EnclaveRecord& record, int directory) {
        if (!detachment)
            return;
        std::cout << record.cid << std::endl;
        auto log = enclave::make_log_file(directory, record.cid);
        detachment->ready(log ? std::move(*log) : UniqueFd());
    }

    void show_failure(const enclave::EnclaveRecord& record, int directory) const {
        if (record.isolation != "sandbox" || record.exit_status == 0)
            return;
        if (record.was_stopped) {
            std::cerr << "glovebox: the enclave was stopped\n";
            return;
        }
        const std::string lines =
            enclave::last_console_lines(directory, record.cid, shown_lines, shown_bytes);
        std::cerr << fmt::format(
            "glovebox: the enclave's program {}{}\n{}{}", record.reason,
            lines.empty() ? "; its console is empty" : "; its console ended with:", lines,
            lines.empty() || lines.ends_with('\n') ? "" : "\n");
    }
};

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
             "In the sandbox the program is root in namespaces of its own. It has the network "
             "interface lo alone, which is down; the system's directories, the working directory "
             "and what --mount names, read-only or discarded at exit; and PATH alone for an "
             "environment. Its standard streams are the enclave's console: `glovebox logs` prints "
             "it, and --attach-console and --debug show it here. With --isolation none the "
             "program keeps this machine's files, network and streams.",
             "PCR0 to PCR2 are measured from the executable file, from the interpreter for a "
             "script; --program names another file.",
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
             SandboxOption::options(),
             {TrustOption::option()},
             module_options(),
             log_options("warning")}),
        .positionals = {ProgramOption::positional()},
        .examples = {{"A server in an enclave, and a client on the parent's side",
                      "glovebox run -d --ready 5005 -- python3 server.py\n"
                      "glovebox parent -- python3 client.py 16"},
                     {"Both in one line, with a CID of your choice",
                      "glovebox parent -- sh -c \\\n"
                      "    'glovebox run -d --ready 5005 --cid 20 -- ./server && ./client 20'"},
                     {"An enclave image",
                      "glovebox run --eif app.eif --memory 512 --cpus 2 --debug"},
                     {"A root file system, started as AWS's init starts an image's",
                      "glovebox run --rootfs ./rootfs --env MODE=test -- /app/server"}},
        .exit_codes = program_exit_codes(),
        .see_also = {"glovebox-eif(1)", "glovebox-logs(1)", "glovebox-parent(1)", "glovebox-ps(1)",
                     "glovebox-stop(1)", "nitro-cli(1)"},
        .run = [](const Values& values) { return RunCommand::of(values).run(values); }};
}

}  // namespace glovebox::cli
