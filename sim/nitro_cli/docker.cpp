// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/docker.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>
#include <vector>

#include "core/base/unique_fd.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A signal for this process is passed on to docker, and thrown once docker has ended.
int wait_for(pid_t child, const Interruption& interruption) {
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd events[] = {{process.get(), POLLIN, 0}, {interruption.fd(), POLLIN, 0}};
    while (process && events[0].revents == 0) {
        ::poll(events, 2, -1);
        try {
            interruption.check();
        } catch (const Interrupted& interrupted) {
            ::kill(child, interrupted.signal);
            wait_for(child);
            throw;
        }
    }
    return wait_for(child);
}

// Runs docker and returns its exit status, 127 if it cannot be executed. Its output goes to this
// process's standard error, or is discarded.
int run_docker(std::vector<std::string> arguments, bool quiet, const Interruption& interruption) {
    arguments.insert(arguments.begin(), "docker");
    std::vector<char*> pointers;
    for (std::string& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (quiet) {
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    } else {
        ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    }
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setsigmask(&attributes, &interruption.mask_before());
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, "docker", &actions, &attributes, pointers.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    return failed != 0 ? 127 : wait_for(child, interruption);
}

Error failed(NitroError code, std::string_view what, int status) {
    if (status == 127)
        return nitro_error(code, fmt::format("{}: there is no docker program here; save the image "
                                             "where there is one (docker save IMAGE -o app.tar) "
                                             "and give --docker-archive app.tar",
                                             what));
    return nitro_error(code, fmt::format("{} ended with {}", what, status));
}

}  // namespace

Result<void> save_docker_image(const std::string& uri, const std::optional<std::string>& folder,
                               const std::filesystem::path& archive, std::ostream& progress,
                               const Interruption& interruption) {
    if (folder) {
        if (const int status = run_docker({"build", "-t", uri, *folder}, false, interruption);
            status != 0)
            return failed(NitroError::docker_build, "docker build", status);
    } else if (run_docker({"image", "inspect", uri}, true, interruption) == 0) {
        progress << "Using the locally available Docker image..." << std::endl;
    } else if (const int status = run_docker({"pull", uri}, false, interruption); status != 0) {
        return failed(NitroError::docker_pull, "docker pull", status);
    }
    if (const int status = run_docker({"save", "-o", archive.string(), uri}, false, interruption);
        status != 0)
        return failed(NitroError::eif_building, "docker save", status);
    return {};
}

}  // namespace glovebox::nitro_cli
