// SPDX-License-Identifier: Apache-2.0

// glovebox vm run: a command in a guest.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/base/stop_signals.h"
#include "core/base/unique_fd.h"
#include "core/service/process_setup.h"
#include "sim/cli/vm_options.h"
#include "sim/vm/guest.h"
#include "sim/vm/initramfs.h"
#include "sim/vm/setup.h"

extern char** environ;

namespace glovebox::cli {
namespace {

constexpr int exit_guest_failed = 125;
constexpr const char* guest_folder = "/tmp";

std::string problem_with_file(const std::string& text) {
    const std::size_t equals = text.find('=');
    return equals == std::string::npos || equals == 0 || equals + 1 == text.size()
               ? "\"" + text + "\": FILE=PATH was expected, with the path in the guest"
               : std::string();
}

std::string problem_with_variable(const std::string& text) {
    const std::size_t equals = text.find('=');
    return equals == std::string::npos || equals == 0 ? "\"" + text + "\": NAME=VALUE was expected"
                                                      : std::string();
}

// Whether a shell can export a variable of this name.
bool is_shell_name(std::string_view name) {
    return !name.empty() && (name.front() < '0' || name.front() > '9') &&
           std::all_of(name.begin(), name.end(), [](char one) {
               return one == '_' || (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') ||
                      (one >= 'A' && one <= 'Z');
           });
}

vm::PlacedFile placed(const std::string& text) {
    const std::size_t equals = text.find('=');
    return {text.substr(0, equals),
            equals == std::string::npos ? std::string() : text.substr(equals + 1)};
}

// The files of an ordinary user belong to nobody else in the guest.
std::vector<std::string> launcher_of_user() {
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    groups.insert(groups.begin(), ::getegid());
    std::vector<std::string> words{std::filesystem::read_symlink("/proc/self/exe"), "vm", "as",
                                   "--user", std::to_string(::geteuid())};
    for (const gid_t group : groups)
        words.insert(words.end(), {"--group", std::to_string(group)});
    words.emplace_back("--");
    return words;
}

// The guest's command finds what it would find here: environment, folders.
void use_host_files(vm::GuestOptions& options, const Values& values) {
    if (options.folder.empty())
        options.folder = std::filesystem::current_path();
    if (::geteuid() != 0)
        options.launcher = launcher_of_user();
    for (const std::string& folder : values.list("--share")) {
        if (!std::filesystem::is_directory(folder))
            throw UsageError("--share " + folder + ": a directory was expected");
        options.shared_folders.push_back(std::filesystem::canonical(folder));
    }
    for (char** one = environ; *one != nullptr; ++one) {
        const std::string_view text = *one;
        const std::size_t equals = text.find('=');
        if (is_shell_name(text.substr(0, equals)))
            options.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
}

vm::GuestOptions guest_options(const Values& values) {
    vm::GuestOptions options;
    options.command = values.list("COMMAND");
    options.has_input = values.flag("--interactive");
    options.name = values.text("--name");
    options.user = values.text("--user");
    options.folder = values.text("--directory");
    options.has_host_files = values.flag("--host-files");
    if (options.has_host_files)
        use_host_files(options, values);
    else if (options.folder.empty())
        options.folder = guest_folder;
    options.vsock = values.text("--vsock");
    options.vsock_socket = values.text("--vsock-socket");
    options.modules = values.list("--module");
    options.agent_sockets = values.list("--agent-socket");
    options.memory_mib = values.number<unsigned>("--memory");
    options.processors = values.number<unsigned>("--cpus");
    for (const std::string& text : values.list("--env")) {
        const std::size_t equals = text.find('=');
        options.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    for (const std::string& text : values.list("--program"))
        options.programs.push_back(placed(text));
    for (const std::string& text : values.list("--file"))
        options.files.push_back(placed(text));
    return options;
}

std::string release_of(const Values& values) {
    if (const auto given = values.find_text("--kernel"))
        return *given;
    return std::string(values.flag("--host-files") ? vm::release_with_9p : vm::default_release);
}

// Opened for writing, whatever it is; empty if the option is not given.
UniqueFd open_output(const Values& values, std::string_view option) {
    const auto name = values.find_text(option);
    if (!name)
        return {};
    UniqueFd file(::open(name->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file)
        throw ErrorException(errno_error("cannot write " + *name, errno));
    return file;
}

int run_guest(const Values& values) {
    core::ignore_write_signals();
    const UniqueFd stop = stop_signals({SIGTERM, SIGINT, SIGHUP});
    const vm::Platform platform = vm::this_platform().value();
    vm::check_programs(platform).value();
    const char* wish = std::getenv("GLOVEBOX_VM_ACCEL");
    const auto acceleration =
        vm::choose_acceleration(wish == nullptr ? "" : wish, platform.machine).value();
    const std::string release = release_of(values);
    const auto cache = vm::kernel_cache().value();
    const vm::Kernel kernel =
        vm::Kernel::open(vm::folder_of(cache, release, platform), release).value();
    const UniqueFd console = open_output(values, "--console");
    const UniqueFd events = open_output(values, "--events");
    const vm::GuestOptions options = guest_options(values);
    vm::GuestLimits limits{.boot = values.duration("--boot-timeout")};
    if (values.has("--timeout"))
        limits.command = values.duration("--timeout");
    const auto guest = vm::Guest::start(options, kernel, platform, acceleration).value();
    const auto status = guest->run(limits,
                                   {.input = options.has_input ? STDIN_FILENO : -1,
                                    .output = STDOUT_FILENO,
                                    .errors = STDERR_FILENO,
                                    .console = console.get(),
                                    .events = events.get()},
                                   stop.get());
    if (status)
        return *status;
    if (signalfd_siginfo signal{}; status.error().code.value() == ECANCELED &&
                                   ::read(stop.get(), &signal, sizeof signal) == sizeof signal)
        return 128 + static_cast<int>(signal.ssi_signo);
    std::cerr << "glovebox: " << status.error().message << '\n';
    return exit_guest_failed;
}

Options what_the_guest_has() {
    return {{.name = "--host-files",
             .kind = Kind::flag,
             .excludes = {"--program", "--file", "--user"},
             .summary = "The guest has this machine's files, environment and working directory; "
                        "what the command writes is discarded. It runs as you"},
            {.name = "--share",
             .kind = Kind::directory,
             .placeholder = "DIR",
             .repeat = Repeat::list,
             .needs = {"--host-files"},
             .summary = "What the command writes below this directory is written on this machine"},
            {.name = "--program",
             .placeholder = "FILE[=PATH]",
             .repeat = Repeat::list,
             .summary = "A program with its shared libraries, to /usr/local/bin or PATH"},
            {.name = "--file",
             .placeholder = "FILE=PATH",
             .check = problem_with_file,
             .repeat = Repeat::list,
             .summary = "A file, or a directory with everything below it"},
            {.name = "--env",
             .placeholder = "NAME=VALUE",
             .check = problem_with_variable,
             .repeat = Repeat::list,
             .summary = "A variable for the command"},
            {.name = "--user",
             .kind = Kind::choice,
             .placeholder = "USER",
             .noun = "a user of the guest",
             .choices = {"root", vm::guest_user},
             .summary = "Who runs the command: root, or an ordinary user",
             .default_value = "root"},
            {.name = "--directory",
             .placeholder = "DIR",
             .summary = "The command's working directory in the guest",
             .default_note = "/tmp; with --host-files the working directory"},
            {.name = "--vsock",
             .kind = Kind::choice,
             .placeholder = "KIND",
             .noun = "a set of vsock modules",
             .choices = vm::vsock_kinds(),
             .summary = "The kernel's vsock modules: none, vsock alone, with its loopback or "
                        "virtio transport, or with both",
             .default_value = "loopback"},
            {.name = "--vsock-socket",
             .kind = Kind::file,
             .placeholder = "SOCKET",
             .summary = "Give the guest a vsock device, which `glovebox vm switch` serves at this "
                        "Unix socket"},
            {.name = "--agent-socket",
             .kind = Kind::file,
             .placeholder = "SOCKET",
             .repeat = Repeat::list,
             .needs = {"--host-files"},
             .summary = "Make this Unix socket, by which `glovebox vm exec` runs commands in the "
                        "guest; the guest's command is then `glovebox vm agent`"},
            {.name = "--module",
             .placeholder = "NAME",
             .repeat = Repeat::list,
             .summary = "One more kernel module, such as overlay"},
            {.name = "--memory",
             .kind = Kind::number,
             .placeholder = "MIB",
             .noun = "a number of MiB",
             .least = 128,
             .most = 1048576,
             .summary = "The guest's memory",
             .default_value = "512"},
            {.name = "--cpus",
             .kind = Kind::number,
             .placeholder = "N",
             .noun = "a number of CPUs",
             .least = 1,
             .most = 64,
             .summary = "The guest's CPUs",
             .default_value = "1"},
            {.name = "--name",
             .placeholder = "NAME",
             .summary = "The guest's host name, also in errors",
             .default_value = "guest"}};
}

Options how_it_runs() {
    return {
        {.name = "--interactive",
         .letter = 'i',
         .kind = Kind::flag,
         .summary = "Pass standard input on to the command, except for its end"},
        {.name = "--timeout",
         .kind = Kind::duration,
         .placeholder = "TIME",
         .summary = "End a command that runs longer"},
        {.name = "--boot-timeout",
         .kind = Kind::duration,
         .placeholder = "TIME",
         .summary = "End a guest that has not started the command after this time",
         .default_value = "90s"},
        {.name = "--console",
         .kind = Kind::file,
         .placeholder = "FILE",
         .summary = "Write what the guest's kernel prints to this file"},
        {.name = "--events",
         .kind = Kind::file,
         .placeholder = "FILE",
         .summary = "Write a line to this file for each event: \"qemu PID\", \"ready\" when the "
                    "command starts, \"exit STATUS\""}};
}

}  // namespace

Command vm_run_command() {
    Option kernel = vm_kernel_option();
    kernel.default_note = "6.1; with --host-files 6.1-full";
    return {
        .name = "run",
        .summary = "Boot a virtual machine and run a command in it",
        .description =
            {"The guest's files are busybox, what --program and --file name, and nothing else; or, "
             "with --host-files, those of this machine. The command's standard output and error "
             "become this "
             "command's. The guest has no network except its own loopback interface."},
        .options = command_line::joined({{kernel}, what_the_guest_has(), how_it_runs()}),
        .positionals = {{.name = "COMMAND",
                         .repeat = Repeat::list,
                         .is_required = true,
                         .summary = "The command and its arguments, after --"}},
        .examples = {{"Ask the kernel for its version", "glovebox vm run -- uname -r"},
                     {"Run a program of this machine as an ordinary user",
                      "glovebox vm run --user guest --program /usr/bin/openssl -- openssl version"},
                     {"A test of this directory, on the kernel's own AF_VSOCK",
                      "glovebox vm run --host-files --share . -- python3 -m pytest"},
                     {"Two guests in the shape of Nitro, joined by a switch",
                      "glovebox vm switch 3=parent.sock 16=enclave.sock &\n"
                      "glovebox vm run --vsock virtio --vsock-socket enclave.sock --program "
                      "./server -- server &\n"
                      "glovebox vm run --vsock virtio --vsock-socket parent.sock --program "
                      "./client -- client 16"}},
        .exit_codes = {{"N", "the command's exit status"},
                       {"125", "the guest ended or hung without one"},
                       {"128+N", "signal N ended this command, and the guest"},
                       {"1", "a program or a file is missing, or there is no kernel"},
                       {"2", "the command line is wrong"}},
        .variables = {{"GLOVEBOX_VM_ACCEL",
                       "kvm or tcg: whether the guest runs under KVM or is emulated, in the place "
                       "of what the processor's flags say"}},
        .see_also = {"glovebox-vm(1)"},
        .run = run_guest};
}

}  // namespace glovebox::cli
