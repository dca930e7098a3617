// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/room_request.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/unique_fd.h"
#include "sim/enclave/missing_interpreter.h"
#include "sim/enclave/search_path.h"
#include "sim/sandbox/sandbox_error.h"
#include "sim/sandbox/working_directory.h"
#include "sim/supervisor/launch.h"

namespace glovebox::enclave {
namespace {

namespace fs = std::filesystem;

// The host's name of `path` in a root file system, with symlinks followed inside of it; empty if
// there is no such file.
std::string resolve_in(const std::string& root, const std::string& path) {
    const UniqueFd directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    const UniqueFd file(
        static_cast<int>(::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how)));
    std::error_code error;
    const fs::path name = fs::read_symlink(fmt::format("/proc/self/fd/{}", file.get()), error);
    return file && !error ? name.string() : std::string();
}

std::string executable_in(const std::string& root, const std::string& path) {
    const std::string name = resolve_in(root, path);
    return is_executable(name) ? name : std::string();
}

Result<std::string> absolute_folder(const std::string& option, const std::string& given) {
    std::error_code error;
    const fs::path path = fs::canonical(given, error);
    if (error || !fs::is_directory(path, error))
        return Error(sandbox::SandboxError::bad_request,
                     fmt::format("{} {}: a directory that exists was expected", option, given));
    return path.string();
}

}  // namespace

Result<std::vector<std::string>> RoomSettings::variables() const {
    std::vector<std::string> variables;
    // As with env(1), the last entry of a name counts.
    const auto set = [&variables](const std::string& variable) {
        const std::string name = variable.substr(0, variable.find('=') + 1);
        std::erase_if(variables, [&name](const std::string& one) { return one.starts_with(name); });
        variables.push_back(variable);
    };
    for (const std::string& entry : environment) {
        if (entry.empty() || entry.front() == '=')
            return Error(sandbox::SandboxError::bad_request,
                         fmt::format("--env '{}': NAME=VALUE was expected, or the NAME of a "
                                     "variable that is set",
                                     entry));
        if (entry.find('=') != std::string::npos) {
            set(entry);
            continue;
        }
        const char* value = std::getenv(entry.c_str());
        if (value == nullptr)
            return Error(sandbox::SandboxError::bad_request,
                         fmt::format("--env {0}: no such variable is set here; give it a value: "
                                     "--env {0}=VALUE",
                                     entry));
        set(entry + "=" + value);
    }
    return variables;
}

Result<RoomRequest> RoomRequest::make(const RoomSettings& settings,
                                      std::vector<std::string> arguments,
                                      std::vector<std::string> hidden_folders,
                                      std::string console_path,
                                      std::optional<sandbox::TrustedAuthority> authority) {
    RoomRequest request;
    request.machine_ = sandbox::read_machine();
    sandbox::EnclaveResources resources;
    if (settings.memory_mib)
        resources.memory_bytes = std::uint64_t{*settings.memory_mib} << 20;
    resources.cpu_count = settings.cpu_count;
    if (settings.cpu_count)
        sandbox::read_cpus(request.machine_);
    resources.console_path = std::move(console_path);
    resources.authority = std::move(authority);
    auto variables = settings.variables();
    if (!variables)
        return variables.error();
    if (!settings.root_fs.empty()) {
        auto directory = absolute_folder("--rootfs", settings.root_fs);
        if (!directory)
            return directory.error();
        sandbox::RootFsRequest& root_fs = request.root_fs_.emplace();
        root_fs.directory = std::move(*directory);
        root_fs.command = std::move(arguments);
        root_fs.environment = std::move(*variables);
        root_fs.resources = std::move(resources);
        return request;
    }
    sandbox::CommandRequest& command = request.command_;
    command.arguments = std::move(arguments);
    command.environment = std::move(*variables);
    command.path = environment_value("PATH");
    const sandbox::WorkingDirectory here = sandbox::read_working_directory();
    command.working_directory = here.path;
    command.hidden_entries = here.hidden_entries;
    for (const std::string& mount : settings.mounts) {
        auto folder = absolute_folder("--mount", mount);
        if (!folder)
            return folder.error();
        command.shown_folders.push_back(std::move(*folder));
    }
    if (!settings.launcher.empty() &&
        !sandbox::explain_missing_program(settings.launcher.front(), command, request.machine_)
             .empty())
        command.shown_files.push_back(settings.launcher.front());
    request.launcher_ = settings.launcher;
    command.hidden_folders = std::move(hidden_folders);
    command.resources = std::move(resources);
    if (const auto shown =
            show_tools(command, request.machine_, ToolVariables::read(), request.notes_);
        !shown)
        return shown.error();
    return request;
}

Result<sandbox::SandboxPlan> RoomRequest::plan() const {
    if (root_fs_)
        return sandbox::make_root_fs_plan(*root_fs_, sandbox::read_root_fs(root_fs_->directory),
                                          machine_);
    auto plan = sandbox::make_command_plan(command_, machine_);
    if (!plan)
        return plan;
    plan->notes.insert(plan->notes.end(), notes_.begin(), notes_.end());
    // A program that is missing is started without them, so that the error is about itself.
    if (!find(plan->arguments.front()).empty())
        plan->arguments.insert(plan->arguments.begin(), launcher_.begin(), launcher_.end());
    return plan;
}

// The host's name of the program that is executed; empty if the enclave sees no such file.
std::string RoomRequest::find(const std::string& program) const {
    const auto seen = [this](const std::string& path) {
        if (root_fs_)
            return executable_in(root_fs_->directory, path);
        return is_executable(path) &&
                       sandbox::explain_missing_program(path, command_, machine_).empty()
                   ? path
                   : std::string();
    };
    if (program.find('/') != std::string::npos)
        return seen(program);
    const std::string path = root_fs_ ? std::string(sandbox::aws_init_search_path) : command_.path;
    for (const std::string& folder : split_search_path(path))
        if (std::string found = seen(folder + "/" + program); !found.empty())
            return found;
    return {};
}

MeasuredCommand RoomRequest::measured() const {
    const std::vector<std::string>& arguments = root_fs_ ? root_fs_->command : command_.arguments;
    const std::string root = root_fs_ ? root_fs_->directory : "/";
    // AWS's init starts a program in "/".
    const auto host_name = [&](const std::string& path) {
        return root_fs_ ? resolve_in(root, path) : path;
    };
    return measure_command(arguments, machine_, root, host_name,
                           [this](const std::string& program) { return find(program); });
}

std::string RoomRequest::explain_missing_program() const {
    if (root_fs_) {
        const std::string there = sandbox::find_in_image_path(*root_fs_);
        if (!there.empty())
            return fmt::format(
                "AWS's init looks in {} alone, not in the PATH of the image: write {}",
                sandbox::aws_init_search_path, there);
        const std::string program = root_fs_->command.empty() ? "sh" : root_fs_->command.front();
        if (program.find('/') == std::string::npos && find(program).empty())
            return fmt::format("{} has no {} in {}", root_fs_->directory, program,
                               sandbox::aws_init_search_path);
        return explain_missing_interpreter(
            root_fs_->directory, program_paths(program, std::string(sandbox::aws_init_search_path)),
            "in the root file system");
    }
    // The program, and a script's interpreter: if either is missing, the kernel reports the script
    // as missing. A symlink may lead to a file that is not visible.
    const std::string program =
        fs::absolute(supervisor::find_executable(command_.arguments.front()))
            .lexically_normal()
            .string();
    for (const std::string& file : {program, supervisor::interpreter_of(program)}) {
        if (!is_executable(file))
            continue;
        std::error_code ignored;
        for (const std::string& path : {file, fs::canonical(file, ignored).string()})
            if (std::string hint = sandbox::explain_missing_program(path, command_, machine_);
                !hint.empty())
                return hint;
    }
    return {};
}

}  // namespace glovebox::enclave
