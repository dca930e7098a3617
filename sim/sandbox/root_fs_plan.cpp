// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/root_fs_plan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

// The changes of nitro-cli build-enclave to a container's file system.
std::vector<Step> build_enclave_changes(const RootFsFacts& facts) {
    std::vector<Step> changes;
    for (const char* left_out : {"/.dockerenv", "/Dockerfile"})
        changes.push_back(
            steps::on_stage(steps::whiteout("/upper/rootfs" + std::string(left_out))));
    if (!facts.has_etc)
        return changes;
    const std::string etc = "/upper/rootfs/etc";
    changes.push_back(steps::on_stage(steps::make_directory(etc)));
    for (Step& step : network_files(etc))
        changes.push_back(std::move(step));
    if (!facts.has_mtab)
        changes.push_back(steps::on_stage(steps::symlink(etc + "/mtab", "/proc/mounts")));
    return changes;
}

}  // namespace

RootFsFacts read_root_fs(const std::string& directory) {
    RootFsFacts facts;
    struct stat status {};
    facts.is_directory = ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    facts.has_etc = ::lstat((directory + "/etc").c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    facts.has_mtab = ::lstat((directory + "/etc/mtab").c_str(), &status) == 0;
    facts.trust = read_trust_places(directory);
    return facts;
}

Result<SandboxPlan> make_root_fs_plan(const RootFsRequest& request, const RootFsFacts& facts,
                                      const Machine& machine) {
    if (!facts.is_directory)
        return Error(
            SandboxError::bad_request,
            fmt::format("the root file system {} is not a directory: give one that holds "
                        "/bin, /etc and so on, for example what `docker export` unpacks to",
                        request.directory));
    SandboxPlan plan = begin_plan(machine, request.resources);
    plan.like_aws_init = true;
    std::vector<Step> changes =
        request.as_nitro_cli_builds ? build_enclave_changes(facts) : std::vector<Step>{};
    if (request.resources.authority)
        for (Step& step : trust_steps(facts.trust, *request.resources.authority, request.directory,
                                      "", "/upper/rootfs"))
            changes.push_back(std::move(step));
    add_overlay(plan.steps, request.directory, "", "rootfs", changes);
    add_machine_mounts(plan.steps, machine, request.resources, plan.cpus);
    plan.steps.push_back(steps::enter_root());
    for (const char* folder : tmpfs_folders)
        add_tmpfs(plan.steps, folder, request.resources);
    add_own_mounts(plan.steps, machine, plan.ids, request.resources, plan.cpus);

    plan.arguments = request.command.empty() ? std::vector<std::string>{"sh"} : request.command;
    plan.environment = request.environment.empty()
                           ? std::vector<std::string>{"PATH=" + std::string(aws_init_search_path)}
                           : request.environment;
    if (request.resources.authority && !request.resources.authority->bundle_pem.empty())
        add_trust_environment(plan.steps, plan.environment, *request.resources.authority);
    plan.search_path = aws_init_search_path;
    return plan;
}

std::vector<std::string> read_init_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        lines.emplace_back(line.substr(0, line.find('\0')));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string find_in_image_path(const RootFsRequest& request) {
    if (request.command.empty() || request.command[0].find('/') != std::string::npos)
        return {};
    for (const std::string& entry : request.environment) {
        if (!entry.starts_with("PATH="))
            continue;
        std::string_view folders = std::string_view(entry).substr(5);
        while (!folders.empty()) {
            const std::size_t end = std::min(folders.find(':'), folders.size());
            const std::string inside =
                fmt::format("{}/{}", folders.substr(0, end), request.command[0]);
            struct stat status {};
            // The last component may be a symlink of the image; that it exists is enough.
            if (::lstat((request.directory + inside).c_str(), &status) == 0)
                return inside;
            folders.remove_prefix(std::min(end + 1, folders.size()));
        }
    }
    return {};
}

}  // namespace glovebox::sandbox
