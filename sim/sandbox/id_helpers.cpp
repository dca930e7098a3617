// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/id_helpers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "core/base/printable.h"
#include "core/base/unique_fd.h"
#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

Result<void> write_proc(pid_t pid, const char* name, std::string_view text) {
    const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file)
        return errno_error("open " + path, errno);
    // The kernel accepts a map only in one write.
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return errno_error("write " + path, errno);
    return {};
}

// A helper that runs, and what it says.
struct Helper {
    std::string path;
    UniqueFd said;
    pid_t process = -1;
};

Result<Helper> spawn_helper(const std::string& path, const std::vector<std::string>& arguments) {
    Helper helper{.path = path, .said = UniqueFd(::memfd_create("said", MFD_CLOEXEC))};
    if (!helper.said)
        return errno_error("memfd_create", errno);
    std::vector<char*> argv{const_cast<char*>(path.c_str())};
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    std::array<char*, 1> environment{nullptr};
    // The caller may have blocked all signals around its clone; a helper starts with none blocked.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_t streams;
    ::posix_spawn_file_actions_init(&streams);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
        ::posix_spawn_file_actions_adddup2(&streams, helper.said.get(), stream);
    const int error = ::posix_spawn(&helper.process, path.c_str(), &streams, &attributes,
                                    argv.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&streams);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0)
        return errno_error("start " + path, error);
    return helper;
}

// Its first line, without its name.
std::string words_of(const Helper& helper) {
    std::string text(1024, '\0');
    const ssize_t bytes = ::pread(helper.said.get(), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    text.resize(std::min(text.find('\n'), text.size()));
    const std::string name = helper.path.substr(helper.path.rfind('/') + 1) + ": ";
    if (text.starts_with(name))
        text.erase(0, name.size());
    return printable(text);
}

Result<void> wait_for(const Helper& helper) {
    int status = 0;
    while (::waitpid(helper.process, &status, 0) < 0)
        if (errno != EINTR)
            return errno_error("wait for " + helper.path, errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return {};
    const std::string words = words_of(helper);
    return Error(SandboxError::set_up_failed,
                 fmt::format("{} refused the ids of /etc/subuid and /etc/subgid{}{}. It must be "
                             "setuid root, and the ranges must belong to this user",
                             helper.path, words.empty() ? "" : ": ", words));
}

}  // namespace

std::string find_helper(std::string_view name) {
    for (const char* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/", "/usr/sbin/",
                               "/run/wrappers/bin/"}) {  // the last is NixOS's
        const std::string path = std::string(folder) + std::string(name);
        if (::access(path.c_str(), X_OK) == 0)
            return path;
    }
    return {};
}

Result<void> write_id_maps(pid_t pid, const IdMapping& mapping) {
    if (mapping.with_helpers) {
        const std::string uid_helper = find_helper("newuidmap");
        const std::string gid_helper = find_helper("newgidmap");
        // Both at once, since each is an exec of its own.
        const auto uids = spawn_helper(uid_helper, helper_arguments(pid, mapping.uids));
        if (!uids)
            return uids.error();
        const auto gids = spawn_helper(gid_helper, helper_arguments(pid, mapping.gids));
        const auto uids_done = wait_for(*uids);
        if (!gids)
            return gids.error();
        const auto gids_done = wait_for(*gids);
        return uids_done ? gids_done : uids_done;
    }
    // A user may map a group only after setgroups has been denied (user_namespaces(7)).
    if (!mapping.setgroups)
        if (const auto denied = write_proc(pid, "setgroups", "deny"); !denied)
            return denied;
    if (const auto uids = write_proc(pid, "uid_map", to_id_map(mapping.uids)); !uids)
        return uids;
    return write_proc(pid, "gid_map", to_id_map(mapping.gids));
}

}  // namespace glovebox::sandbox
