// glovebox run: an unmodified program as an enclave.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string_view>

#include "sim/cli/image_run.h"
#include "sim/cli/log_option.h"
#include "sim/cli/mock_nsm_option.h"
#include "sim/cli/nsm_session.h"
#include "sim/cli/number_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/sandbox_option.h"
#include "sim/cli/subcommand.h"
#include "sim/cli/trust_option.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/console_tail.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  A server in an enclave, and a client on the parent's side:
    glovebox run -- python3 server.py &
    glovebox parent -- python3 client.py 16
  Both in one line, and the enclave in debug mode with a CID of one's choice:
    glovebox parent -- sh -c 'glovebox run --cid 20 --debug -- ./server & ./client 20; kill $!'

  An enclave image:
    glovebox run --eif app.eif --memory 512 --cpus 2 --debug

  A root file system, started as AWS's init starts an image's:
    glovebox run --rootfs ./rootfs --env MODE=test -- /app/server

In a sandbox the program is root in namespaces of its own: `lo` alone, and down; system folders,
the working directory and what --mount names, read-only or forgotten at exit; PATH alone for an
environment. Its streams are the enclave's console, which is kept: `glovebox logs`; here it is shown
with --attach-console or --debug. With --isolation none it keeps this machine's files, network and
streams. Its AF_VSOCK sockets, /dev/vsock and /dev/nsm are simulated, for all that it starts, until
the last of it has ended. PCR0 to PCR2 are made from the executable file (from the interpreter of a
script); --program names another file.

The exit status is the program's, 128 and the signal that killed it, or 126 or 127 when it can't be
executed. Signals that `glovebox run` gets and that would end it are passed on to the program; what
can't be (SIGKILL, SIGSEGV and their like) ends the enclave too, and `glovebox ps --all` says so.)";

// The lines of a console that are shown when its program failed unseen.
constexpr std::size_t shown_lines = 10;
constexpr std::size_t shown_bytes = 4096;

struct RunCommand {
    ProgramOption program;
    SandboxOption sandbox;
    TrustOption trust;
    std::string eif;
    std::optional<core::Cid> cid;
    bool attach_console = false;
    MockNsmOption nsm;
    LogOption log;

    [[nodiscard]] int run() {
        if (const auto status = run_from_outside())
            return *status;
        check();
        const auto to = program.make_log(log, "run");
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
        options.ended = [this, &options](const enclave::EnclaveRecord& record, int world) {
            if (!options.live_console)
                show_failure(record, world);
        };
        const auto module = start_nsm_session(nsm, *to).value();
        options.nsm = &module->device();
        return program.run(options, *to);
    }

  private:
    [[nodiscard]] int run_image(Log& to) const {
        ImageRun image;
        image.eif = eif;
        image.world = program.world;
        image.cid = cid;
        image.memory_mib = sandbox.memory_mib;
        image.cpu_count = sandbox.cpu_count;
        image.live_console = attach_console || nsm.debug;
        image.trace = program.trace;
        image.authority = trust.of_room(program.world).value();
        image.started = [this, &image](const enclave::EnclaveRecord& record) {
            say_started(record, image.live_console);
        };
        image.ended = [this, &image](const enclave::EnclaveRecord& record, int world) {
            if (!image.live_console)
                show_failure(record, world);
        };
        return image.run(ImageRun::open(eif, image.memory_mib).value(), nsm, to);
    }

    void check() const {
        if (!eif.empty()) {
            const std::string excluded = excluded_by_eif();
            if (!excluded.empty())
                throw CLI::ExcludesError("--eif", excluded);
            return;
        }
        if (program.arguments.empty() && sandbox.root_fs.empty())
            throw CLI::RequiredError("PROGRAM [ARGUMENT...]");
        if (!program.arguments.empty() && program.arguments.front().empty())
            throw CLI::ValidationError("PROGRAM", "its name is empty");
        if (!sandbox.root_fs.empty() && !sandbox.mounts.empty())
            throw CLI::ExcludesError("--rootfs", "--mount");
        if (sandbox.is_none() && (!sandbox.root_fs.empty() || !sandbox.mounts.empty()))
            throw CLI::ExcludesError("--isolation none",
                                     sandbox.root_fs.empty() ? "--mount" : "--rootfs");
    }

    // An image brings its program, its files and its environment, and has a sandbox always.
    [[nodiscard]] std::string excluded_by_eif() const {
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
        const char* variable = std::getenv("GLOVEBOX_ISOLATION");
        return variable != nullptr && std::string_view(variable) == "none"
                   ? "GLOVEBOX_ISOLATION=none, which is set: an image runs in a sandbox always; "
                     "unset it, or give --isolation sandbox"
                   : "--isolation none";
    }

    void plan_room(enclave::RunOptions& options, const std::string& console_path) {
        std::vector<std::string> hidden{WorldOption{program.world}.path(), worlds_folder()};
        if (auto pki = nsm.pki.directory())
            hidden.push_back(std::filesystem::absolute(*pki).lexically_normal().string());
        const SandboxRequest request =
            SandboxRequest::make(sandbox, program.arguments, std::move(hidden), console_path,
                                 trust.of_room(program.world).value())
                .value();
        options.room = request.plan().value();
        options.room_is_a_wish = sandbox.is_a_wish();
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
                record.cid, WorldOption{program.world}.repeated());
    }

    void show_failure(const enclave::EnclaveRecord& record, int world) const {
        if (record.isolation != "sandbox" || record.exit_status == 0)
            return;
        if (record.was_stopped) {
            std::cerr << "glovebox: the enclave was stopped\n";
            return;
        }
        const std::string lines =
            enclave::last_console_lines(world, record.cid, shown_lines, shown_bytes);
        std::cerr << fmt::format(
            "glovebox: the enclave's program {}{}\n{}{}", record.reason,
            lines.empty() ? "; its console is empty" : "; its console ended with:", lines,
            lines.empty() || lines.ends_with('\n') ? "" : "\n");
    }
};

}  // namespace

void add_run_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<RunCommand>();
    CLI::App& command = *app.add_subcommand(
        "run", "Runs a program as an enclave: its AF_VSOCK and its /dev/nsm are simulated");
    command.footer(examples);
    command.add_option("--cid", options->cid, "The enclave's CID [the first free one from 16 up]")
        ->type_name("N")
        ->check(enclave_cid());
    command.add_option("--eif", options->eif, "An enclave image, started as on Nitro")
        ->type_name("FILE");
    command.add_flag("--attach-console", options->attach_console,
                     "Shows the console here. On Nitro only debug mode has one, and measures "
                     "nothing; here it is no other run");
    options->program.add_to(command);
    options->sandbox.add_to(command);
    options->trust.add_to(command);
    options->nsm.add_to(command);
    options->log.options.level = LogLevel::warning;
    options->log.add_to(command);
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
