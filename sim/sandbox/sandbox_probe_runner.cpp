// SPDX-License-Identifier: Apache-2.0

// sandbox_probe_runner: runs a program in a sandbox, without a supervisor, for the tests and the
// measurement of the start.
//
//   sandbox_probe_runner [OPTION...] -- COMMAND [ARGUMENT...]
//     --rootfs DIR      a root file system in the place of this machine's system folders
//     --built           DIR is as an image has it; nothing that nitro-cli does is done to it
//     --env NAME=VALUE  --show DIR  --hide DIR  --memory BYTES  --cpus N
//     --console PATH    the pseudo-terminal that is /dev/console
//     --repeat N        start it N times, one after the other
//     --one-id          map one user and one group id, whatever more could be had
//     --pids            say "init PID program PID" on stderr when it runs
//
// Exit status: the program's, 128 + its signal, 125 when there is no sandbox or no such program,
// with one sentence on stderr. What the machine can't give goes there too, "note: ..." each.
#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/sandbox/command_plan.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/root_fs_plan.h"
#include "sim/sandbox/sandbox.h"
#include "sim/sandbox/working_directory.h"

namespace {

using namespace glovebox;
using namespace glovebox::sandbox;

constexpr int exit_no_sandbox = 125;

struct Options {
    CommandRequest command;
    std::optional<RootFsRequest> root_fs;
    int repeat = 1;
    bool one_id = false;
    bool say_pids = false;
};

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    bool as_built = false;
    int at = 1;
    for (; at < argc && std::string(argv[at]) != "--"; ++at) {
        const std::string name = argv[at];
        if (name == "--pids") {
            options.say_pids = true;
            continue;
        }
        if (name == "--one-id") {
            options.one_id = true;
            continue;
        }
        if (name == "--built") {
            as_built = true;
            continue;
        }
        if (++at >= argc)
            return std::nullopt;
        const std::string value = argv[at];
        if (name == "--rootfs")
            options.root_fs.emplace().directory = value;
        else if (name == "--env")
            options.command.environment.push_back(value);
        else if (name == "--show")
            options.command.shown_folders.push_back(value);
        else if (name == "--hide")
            options.command.hidden_folders.push_back(value);
        else if (name == "--memory")
            options.command.resources.memory_bytes = std::stoull(value);
        else if (name == "--cpus")
            options.command.resources.cpu_count = static_cast<unsigned>(std::stoul(value));
        else if (name == "--console")
            options.command.resources.console_path = value;
        else if (name == "--repeat")
            options.repeat = std::stoi(value);
        else
            return std::nullopt;
    }
    for (++at; at < argc; ++at)
        options.command.arguments.emplace_back(argv[at]);
    if (options.root_fs) {
        options.root_fs->command = options.command.arguments;
        options.root_fs->environment = options.command.environment;
        options.root_fs->resources = options.command.resources;
        options.root_fs->as_nitro_cli_builds = !as_built;
    } else {
        options.command.path = environment("PATH");
        const WorkingDirectory here = read_working_directory();
        options.command.working_directory = here.path;
        options.command.hidden_entries = here.hidden_entries;
    }
    return options;
}

Result<int> run_once(const Options& options, const Machine& machine) {
    const auto plan =
        options.root_fs
            ? make_root_fs_plan(*options.root_fs, read_root_fs(options.root_fs->directory), machine)
            : make_command_plan(options.command, machine);
    if (!plan)
        return plan.error();
    const auto started = Sandbox::start(*plan);
    if (!started)
        return started.error();
    Sandbox& sandbox = **started;
    if (const auto executed = sandbox.wait_for_exec(); !executed)
        return executed.error();
    for (const auto& notes : {sandbox.notes(), sandbox.shortfalls()})
        for (const std::string& note : notes)
            std::cerr << "note: " << note << '\n';
    if (options.say_pids)
        std::cerr << "init " << sandbox.init_pid() << " program " << sandbox.program_pid() << '\n';
    const EnclaveEnd end = sandbox.wait();
    if (!end.program_status)
        return 128 + SIGKILL;
    return WIFEXITED(*end.program_status) ? WEXITSTATUS(*end.program_status)
                                          : 128 + WTERMSIG(*end.program_status);
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parse(argc, argv);
    if (!options) {
        std::cerr << "usage: sandbox_probe_runner [OPTION...] -- COMMAND [ARGUMENT...]\n";
        return exit_no_sandbox;
    }
    Machine machine = read_machine(environment("HOME"), environment("SUDO_UID"));
    if (options->command.resources.cpu_count)
        read_cpus(machine);
    if (options->one_id) {
        machine.ids.own_uids = machine.ids.own_gids = {{0, 0, 1}};
        machine.ids.helpers = false;
    }
    int status = 0;
    for (int i = 0; i < options->repeat; ++i) {
        const auto result = run_once(*options, machine);
        if (!result) {
            std::cerr << result.error().message << '\n';
            return exit_no_sandbox;
        }
        status = *result;
    }
    return status;
}
