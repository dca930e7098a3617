// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/captured.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/system/errc.hpp>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "core/base/argument_pointers.h"
#include "core/base/bytes.h"
#include "core/base/file_bytes.h"
#include "core/base/printable.h"
#include "core/base/unique_fd.h"

extern char** environ;

namespace glovebox::vm {
namespace {

// Package lists are the longest output, with a few kilobytes.
constexpr std::size_t output_bytes_max = std::size_t{16} << 20;
constexpr std::size_t error_bytes_shown = 800;

std::string text_of(const UniqueFd& file) {
    ::lseek(file.get(), 0, SEEK_SET);
    const auto bytes = read_bytes(file.get(), "output", output_bytes_max);
    return bytes ? std::string(as_text(*bytes)) : std::string();
}

std::vector<std::string> environment() {
    std::vector<std::string> all;
    for (char** one = environ; *one != nullptr; ++one)
        if (!std::string_view(*one).starts_with("LC_ALL="))
            all.emplace_back(*one);
    all.emplace_back("LC_ALL=C");
    return all;
}

}  // namespace

Result<Captured> capture(const std::vector<std::string>& arguments, const std::string& folder) {
    const UniqueFd output(::memfd_create("output", MFD_CLOEXEC));
    const UniqueFd errors(::memfd_create("errors", MFD_CLOEXEC));
    if (!output || !errors)
        return errno_error("memfd_create", errno);
    std::vector<std::string> words = arguments;
    std::vector<std::string> variables = environment();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
    if (!folder.empty())
        ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    pid_t process = -1;
    const int error =
        ::posix_spawnp(&process, words.front().c_str(), &actions, nullptr,
                       argument_pointers(words).data(), argument_pointers(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return errno_error("cannot start " + printable(words.front()), error);
    int status = 0;
    while (::waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return errno_error("cannot wait for " + printable(words.front()), errno);
    return Captured{WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                    text_of(output), text_of(errors)};
}

Result<std::string> output_of(const std::vector<std::string>& arguments,
                              const std::string& folder) {
    auto done = capture(arguments, folder);
    if (!done)
        return done.error();
    if (done->status == 0)
        return std::move(done->output);
    std::string words = done->errors;
    while (!words.empty() && words.back() == '\n')
        words.pop_back();
    if (words.size() > error_bytes_shown)
        words.erase(0, words.size() - error_bytes_shown);
    return Error(make_error_code(boost::system::errc::io_error),
                 fmt::format("`{}` ended with status {}: {}",
                             printable(fmt::format("{}", fmt::join(arguments, " "))), done->status,
                             printable(words)));
}

bool has_program(std::string_view name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');)
        if (::access(fmt::format("{}/{}", folder, name).c_str(), X_OK) == 0)
            return true;
    return false;
}

}  // namespace glovebox::vm
