// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/command_plan.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>

#include "sim/sandbox/lies_in.h"
#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

// The folders in which distributions keep programs, libraries and their settings. /nix and /gnu are
// the stores of NixOS and Guix.
constexpr std::array system_folders{"bin",    "etc", "gnu", "lib",  "lib32", "lib64",
                                    "libx32", "nix", "opt", "sbin", "usr"};

// Further folders of a root, on which AWS's init mounts nothing.
constexpr std::array empty_folders{"/home",    "/mnt", "/srv",  "/var", "/var/cache", "/var/lib",
                                   "/var/log", "/dev", "/proc", "/sys", "/run",       "/tmp"};

// Empty at the start of every enclave, even if the caller's working directory is one of them.
constexpr std::array fresh_folders{"/dev/shm", "/home", "/run", "/tmp", "/var", "/var/tmp"};

bool is_system_folder(std::string_view name) {
    return std::find(system_folders.begin(), system_folders.end(), name) != system_folders.end();
}

// The system folder that contains the path, "/usr" for "/usr/src/app"; empty if none does.
std::string system_folder_of(std::string_view path) {
    const std::size_t end = path.find('/', 1);
    const std::string_view name = path.substr(1, end == std::string_view::npos ? end : end - 1);
    return is_system_folder(name) ? "/" + std::string(name) : std::string();
}

bool is_home(const std::string& folder, const Machine& machine) {
    return std::find(machine.homes.begin(), machine.homes.end(), folder) != machine.homes.end();
}

bool holds_a_home(const std::string& folder, const Machine& machine) {
    return std::any_of(machine.homes.begin(), machine.homes.end(), [&](const std::string& home) {
        return home != folder && lies_in(home, folder);
    });
}

// As a working directory, the enclave sees it, but empty.
bool is_seen_empty(const std::string& folder, const Machine& machine) {
    return std::find(fresh_folders.begin(), fresh_folders.end(), folder) != fresh_folders.end() ||
           (!is_home(folder, machine) && holds_a_home(folder, machine));
}

// The folder and all its parents.
void add_directories(std::vector<Step>& out, const std::string& folder) {
    for (std::size_t end = folder.find('/', 1); end != std::string::npos;
         end = folder.find('/', end + 1))
        out.push_back(steps::make_directory(folder.substr(0, end)));
    out.push_back(steps::make_directory(folder));
}

// The trust steps for `folder`, on the upper folder of its overlay.
std::vector<Step> trusted_in(const std::string& folder, const std::string& upper,
                             const Machine& machine,
                             const std::optional<TrustedAuthority>& authority) {
    return authority ? trust_steps(machine.trust, *authority, "/", folder, upper)
                     : std::vector<Step>{};
}

// If a system folder could only be bound, an overlay can still cover the part with the bundles.
void add_trusted_parts(SandboxPlan& plan, const std::string& folder, const Machine& machine,
                       const std::optional<TrustedAuthority>& authority) {
    for (const std::string part : {"/etc/ssl", "/etc/pki", "/usr/lib/ssl"}) {
        const std::string name = "trusted" + std::to_string(plan.steps.size());
        const auto steps = trusted_in(part, "/upper/" + name, machine, authority);
        if (lies_in(part, folder) && !steps.empty() && !machine.has_mounts_below(part))
            add_overlay(plan.steps, part, part, name, steps);
    }
}

void add_system_folders(SandboxPlan& plan, const Machine& machine,
                        const std::optional<TrustedAuthority>& authority) {
    for (const TopLevelEntry& entry : machine.top_level) {
        if (!is_system_folder(entry.name))
            continue;
        const std::string folder = "/" + entry.name;
        if (!entry.link_text.empty()) {
            plan.steps.push_back(steps::symlink(folder, entry.link_text));
            continue;
        }
        plan.steps.push_back(steps::make_directory(folder));
        if (machine.has_mounts_below(folder)) {
            plan.steps.push_back(steps::bind(folder, folder, true));
            plan.notes.push_back(fmt::format(
                "{} has mounts of the host's below it, so it is read-only here{}: an overlay can't "
                "lie over them",
                folder, entry.name == "etc" ? ", but for hosts and resolv.conf" : ""));
            add_trusted_parts(plan, folder, machine, authority);
            continue;
        }
        const std::string upper = "/upper/" + entry.name;
        std::vector<Step> changes = trusted_in(folder, upper, machine, authority);
        if (entry.name == "etc")
            for (Step& step : network_files(upper))
                changes.push_back(std::move(step));
        add_overlay(plan.steps, folder, folder, entry.name, changes);
    }
    // If /etc could only be bound, the network's files are bound over it. Programs write to them:
    // "127.0.0.1 kms.us-east-1.amazonaws.com" in /etc/hosts leads to a forwarder.
    if (machine.has_mounts_below("/etc")) {
        plan.steps.push_back(steps::on_stage(steps::make_directory("/etc")));
        for (Step& step : network_files("/etc"))
            if (step.op == Step::Op::write_file)
                plan.steps.push_back(std::move(step));
        for (const char* file : {"/etc/resolv.conf", "/etc/hostname"})
            plan.steps.push_back(steps::on_stage(steps::write_file(file, "", 0644)));
        for (const char* file : {"/etc/hosts", "/etc/resolv.conf", "/etc/hostname"}) {
            Step bind = steps::from_stage(steps::bind(file, file, false));
            bind.may_be_absent = true;
            plan.steps.push_back(std::move(bind));
        }
    }
}

// A home folder as the working directory: the program must not see its hidden entries (.aws, .ssh,
// .docker, .netrc, ...), but may see the others.
void add_home_folder(std::vector<Step>& out, const CommandRequest& request) {
    std::vector<Step> hidden;
    for (const std::string& name : request.hidden_entries)
        hidden.push_back(steps::on_stage(steps::whiteout("/upper/home/" + name)));
    add_overlay(out, request.working_directory, request.working_directory, "home", hidden);
}

// Like the root of an image, the folder can be written to, and the writes are discarded.
void add_plain_folder(SandboxPlan& plan, const std::string& folder, const Machine& machine) {
    if (machine.has_mounts_below(folder)) {
        plan.steps.push_back(steps::bind(folder, folder, true));
        plan.notes.push_back(
            fmt::format("the working directory {} has mounts of the host's below it, so it is "
                        "read-only here: an overlay can't lie over them",
                        folder));
        return;
    }
    add_overlay(plan.steps, folder, folder, "working", {});
    plan.steps.back().or_bound = "/lower/working";
}

// The enclave's own mount that contains `folder`, of those that show the machine; null if none
// does.
const char* enclaves_own(const std::string& folder) {
    for (const char* mounted : {"/proc", "/sys", "/dev"})
        if (lies_in(folder, mounted) && !lies_in(folder, "/dev/shm"))
            return mounted;
    return nullptr;
}

Result<void> add_working_directory(SandboxPlan& plan, const CommandRequest& request,
                                   const Machine& machine) {
    const std::string& folder = request.working_directory;
    if (folder == "/" || folder == system_folder_of(folder))
        return {};
    if (std::find(fresh_folders.begin(), fresh_folders.end(), folder) != fresh_folders.end()) {
        plan.shortfalls.push_back(
            fmt::format("the working directory {} is the enclave's own, empty one: keep a program "
                        "that it shall "
                        "run in a folder below it",
                        folder));
        return {};
    }
    if (const char* own = enclaves_own(folder); own != nullptr)
        return Error(SandboxError::bad_request,
                     fmt::format("the working directory {} can't be shown to the enclave: {} "
                                 "is its own. Go to the folder of your program",
                                 folder, own));
    for (const std::string& hidden : request.hidden_folders)
        if (lies_in(folder, hidden))
            return Error(SandboxError::bad_request,
                         fmt::format("the working directory {} lies in {}, which no enclave may "
                                     "see. Go to the folder of your program",
                                     folder, hidden));
    add_directories(plan.steps, folder);
    if (is_home(folder, machine))
        add_home_folder(plan.steps, request);
    else if (holds_a_home(folder, machine))
        plan.shortfalls.push_back(fmt::format(
            "the working directory {} holds home folders, so the enclave sees it empty", folder));
    else
        add_plain_folder(plan, folder, machine);
    return {};
}

Result<void> add_shown_folder(SandboxPlan& plan, const std::string& folder) {
    const char* own = folder == "/" ? "/" : enclaves_own(folder);
    if (own != nullptr)
        return Error(SandboxError::bad_request,
                     fmt::format("--mount {} can't be shown to the enclave: {} is its own. "
                                 "Name the folders below it that the program needs",
                                 folder, own));
    add_directories(plan.steps, folder);
    plan.steps.push_back(steps::bind(folder, folder, true));
    return {};
}

// Outer folders first: a mount hides what was mounted below it before.
Result<void> add_callers_folders(SandboxPlan& plan, const CommandRequest& request,
                                 const Machine& machine) {
    const auto add_shown = [&](bool is_outer) -> Result<void> {
        for (const std::string& folder : request.shown_folders)
            if (lies_in(request.working_directory, folder) == is_outer)
                if (const auto added = add_shown_folder(plan, folder); !added)
                    return added;
        return {};
    };
    if (const auto added = add_shown(true); !added)
        return added;
    if (const auto added = add_working_directory(plan, request, machine); !added)
        return added;
    return add_shown(false);
}

// Whether a folder of the machine is bound on this tmpfs folder, or below it.
bool shows_machine(const std::string& folder, const CommandRequest& request) {
    const auto is_in = [&](const std::string& shown) { return lies_in(shown, folder); };
    return (request.working_directory != folder && is_in(request.working_directory)) ||
           std::any_of(request.shown_folders.begin(), request.shown_folders.end(), is_in) ||
           std::any_of(request.shown_files.begin(), request.shown_files.end(), is_in);
}

bool is_mounted(const std::string& path, const CommandRequest& request) {
    return !system_folder_of(path).empty() ||
           std::find(request.shown_files.begin(), request.shown_files.end(), path) !=
               request.shown_files.end() ||
           std::any_of(request.shown_folders.begin(), request.shown_folders.end(),
                       [&](const std::string& folder) { return lies_in(path, folder); });
}

// In a hidden entry of the home folder that is the working directory. Any other working directory
// is seen whole.
bool is_hidden_entry(const std::string& path, const CommandRequest& request,
                     const Machine& machine) {
    return is_home(request.working_directory, machine) &&
           std::any_of(request.hidden_entries.begin(), request.hidden_entries.end(),
                       [&](const std::string& name) {
                           return lies_in(path, request.working_directory + "/" + name);
                       });
}

bool is_shown(const std::string& path, const CommandRequest& request, const Machine& machine) {
    return is_mounted(path, request) ||
           (request.working_directory != "/" && lies_in(path, request.working_directory) &&
            !is_hidden_entry(path, request, machine));
}

// Adds PATH unless --env states it.
void keep_path(std::vector<std::string>& environment, const std::string& path) {
    if (std::none_of(environment.begin(), environment.end(),
                     [](const std::string& entry) { return entry.starts_with("PATH="); }))
        environment.insert(environment.begin(), "PATH=" + path);
}

std::string path_of(const std::vector<std::string>& environment) {
    return std::find_if(environment.begin(), environment.end(),
                        [](const std::string& entry) { return entry.starts_with("PATH="); })
        ->substr(5);
}

}  // namespace

Result<SandboxPlan> make_command_plan(const CommandRequest& request, const Machine& machine) {
    if (request.arguments.empty())
        return Error(SandboxError::bad_request,
                     "no command was given: name one after --, for example: -- python3 server.py");
    if (!request.working_directory.starts_with('/'))
        return Error(SandboxError::bad_request,
                     "the working directory is unknown: it may have been removed. Go to one that "
                     "exists");

    SandboxPlan plan = begin_plan(machine, request.resources);
    plan.steps.push_back(steps::on_stage(
        steps::mount("tmpfs", "rootfs", std::string("/") + root_folder, 0,
                     request.resources.memory_bytes
                         ? fmt::format("mode=0755,size={}", *request.resources.memory_bytes / 2)
                         : "mode=0755")));
    for (const char* folder : empty_folders)
        plan.steps.push_back(steps::make_directory(folder));
    plan.steps.push_back(steps::make_directory("/root", 0700));
    plan.steps.push_back(steps::make_directory("/var/tmp", 01777));
    plan.steps.push_back(steps::symlink("/var/run", "/run"));
    plan.steps.push_back(steps::symlink("/var/lock", "/run/lock"));
    add_system_folders(plan, machine, request.resources.authority);
    add_machine_mounts(plan.steps, machine, request.resources, plan.cpus);
    for (const char* folder : tmpfs_folders)
        if (shows_machine(folder, request))
            add_tmpfs(plan.steps, folder, request.resources);

    if (const auto added = add_callers_folders(plan, request, machine); !added)
        return added.error();
    for (const std::string& file : request.shown_files) {
        add_directories(plan.steps, file.substr(0, file.rfind('/')));
        plan.steps.push_back(steps::write_file(file, ""));
        plan.steps.push_back(steps::bind(file, file, true));
    }
    for (const std::string& folder : request.hidden_folders) {
        if (!is_shown(folder, request, machine))
            continue;
        Step cover = steps::mount("tmpfs", "hidden", folder,
                                  MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_RDONLY, "mode=0");
        cover.may_be_absent = true;
        plan.steps.push_back(std::move(cover));
    }

    plan.steps.push_back(steps::enter_root());
    for (const char* folder : tmpfs_folders)
        if (!shows_machine(folder, request))
            add_tmpfs(plan.steps, folder, request.resources);
    add_own_mounts(plan.steps, machine, plan.ids, request.resources, plan.cpus);

    plan.arguments = request.arguments;
    plan.environment = request.environment;
    keep_path(plan.environment, request.path);
    if (request.resources.authority && !request.resources.authority->bundle_pem.empty())
        add_trust_environment(plan.steps, plan.environment, *request.resources.authority);
    plan.search_path = path_of(plan.environment);
    plan.working_directory = request.working_directory;
    return plan;
}

bool is_common_folder(const std::string& folder, const Machine& machine) {
    return folder == "/" || !system_folder_of(folder).empty() || is_home(folder, machine) ||
           is_seen_empty(folder, machine);
}

std::string explain_missing_program(const std::string& program, const CommandRequest& request,
                                    const Machine& machine) {
    if (!program.starts_with('/') || is_mounted(program, request))
        return {};
    if (const std::string& folder = request.working_directory;
        folder != "/" && lies_in(program, folder) && is_seen_empty(folder, machine))
        return fmt::format(
            "{} lies in {}, which an enclave sees empty: start from the program's own folder below "
            "it, or show that with --mount",
            program, folder);
    if (is_shown(program, request, machine))
        return {};
    for (const std::string& home : machine.homes)
        if (lies_in(program, home))
            return fmt::format(
                "{} lies in the home folder {}, which an enclave doesn't see; show "
                "its folder with --mount, or keep it below the working directory",
                program, home);
    return fmt::format(
        "{} lies outside of the system folders and the working directory, which are "
        "all that an enclave sees; show its folder with --mount",
        program);
}

}  // namespace glovebox::sandbox
