// SPDX-License-Identifier: Apache-2.0

#include "integration/sandbox/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace glovebox::integration {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts)
        result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::system_category(), "pipe2");
    return ends;
}

}  // namespace

Finished run(const std::vector<std::string>& arguments, const std::string& directory,
             const std::vector<std::string>& environment) {
    const auto out = make_pipe();
    const auto err = make_pipe();
    std::vector<char*> argv = pointers(arguments);
    std::vector<char*> envp = pointers(environment);
    const pid_t child = ::fork();
    if (child < 0)
        throw std::system_error(errno, std::system_category(), "fork");
    if (child == 0) {
        const int nothing = ::open("/dev/null", O_RDONLY);
        if (::dup2(nothing, 0) < 0 || ::dup2(out[1], 1) < 0 || ::dup2(err[1], 2) < 0 ||
            ::chdir(directory.c_str()) != 0)
            ::_exit(126);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);

    Finished finished;
    std::array<pollfd, 2> open_ends{{{out[0], POLLIN, 0}, {err[0], POLLIN, 0}}};
    const std::array<std::string*, 2> texts{&finished.output, &finished.errors};
    while (open_ends[0].fd >= 0 || open_ends[1].fd >= 0) {
        if (::poll(open_ends.data(), open_ends.size(), -1) < 0 && errno != EINTR)
            break;
        for (std::size_t i = 0; i < open_ends.size(); ++i) {
            if (open_ends[i].fd < 0 || open_ends[i].revents == 0)
                continue;
            std::array<char, 65536> buffer{};
            const ssize_t size = ::read(open_ends[i].fd, buffer.data(), buffer.size());
            if (size > 0)
                texts[i]->append(buffer.data(), static_cast<std::size_t>(size));
            else if (size == 0 || errno != EINTR) {
                ::close(open_ends[i].fd);
                open_ends[i].fd = -1;
            }
        }
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    finished.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return finished;
}

}  // namespace glovebox::integration
