// SPDX-License-Identifier: Apache-2.0

#include "core/service/successor.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include "core/base/file_bytes.h"
#include "core/base/leave_child.h"

extern char** environ;

namespace glovebox::core {
namespace {

// A file that was replaced has its old path with these words in proc(5).
std::string path_of_this_program() {
    constexpr std::string_view replaced = " (deleted)";
    std::error_code failure;
    std::string path = std::filesystem::read_symlink("/proc/self/exe", failure).string();
    if (path.ends_with(replaced))
        path.resize(path.size() - replaced.size());
    return path;
}

std::vector<std::string> arguments_of_this_process() {
    std::vector<std::string> arguments;
    const std::string text = read_system_text("/proc/self/cmdline");
    for (std::size_t at = 0; at < text.size(); at = text.find('\0', at) + 1)
        arguments.emplace_back(text.c_str() + at);
    return arguments;
}

std::vector<char*> to_pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

// Right-aligned over the zeros that end the text. Between fork and exec there is no allocation.
void write_number(std::string& text, pid_t number) {
    for (std::size_t at = text.size(); number > 0; number /= 10)
        text[--at] = static_cast<char>('0' + number % 10);
}

// The child's end of start_successor().
struct Exec {
    const char* path;
    char* const* arguments;
    char* const* environment;
    std::span<int> descriptors;  // they become those from inherited_fds_begin up

    [[noreturn]] void run() const {
        const int above = inherited_fds_begin + static_cast<int>(descriptors.size());
        for (int& fd : descriptors)
            fd = ::fcntl(fd, F_DUPFD_CLOEXEC, above);
        for (std::size_t i = 0; i < descriptors.size(); ++i)
            ::dup2(descriptors[i], inherited_fds_begin + static_cast<int>(i));
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::signal(SIGXFSZ, SIG_DFL);
        ::execve(path, arguments, environment);
        leave_child(127);
    }
};

}  // namespace

Result<Successor> start_successor(
    std::span<const SharedSocket> sockets,
    const std::vector<std::pair<std::string, std::string>>& variables) {
    const std::string path = path_of_this_program();
    std::array<int, 2> ready{-1, -1};
    if (::pipe2(ready.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return errno_error("cannot start " + path + " anew", errno);
    UniqueFd reader(ready[0]);
    const UniqueFd writer(ready[1]);
    std::vector<int> descriptors;
    std::string names;
    for (const SharedSocket& socket : sockets) {
        names += (names.empty() ? "" : ":") + socket.name;
        descriptors.push_back(socket.fd);
    }
    descriptors.push_back(writer.get());
    std::vector<std::string> environment;
    for (char** one = environ; *one != nullptr; ++one)
        environment.emplace_back(*one);
    for (const auto& [name, value] : variables)
        environment.push_back(name + "=" + value);
    environment.push_back(fmt::format("LISTEN_FDS={}", sockets.size()));
    environment.push_back("LISTEN_FDNAMES=" + names);
    environment.push_back(fmt::format("{}={}", ready_variable,
                                      inherited_fds_begin + static_cast<int>(sockets.size())));
    environment.emplace_back("LISTEN_PID=0000000000");
    std::string& process_text = environment.back();
    std::vector<std::string> arguments = arguments_of_this_process();
    const std::vector<char*> argv = to_pointers(arguments);
    const std::vector<char*> envp = to_pointers(environment);
    const Exec exec{path.c_str(), argv.data(), envp.data(), descriptors};
    const pid_t process = ::fork();
    if (process < 0)
        return errno_error("cannot start " + path + " anew", errno);
    if (process == 0) {
        write_number(process_text, ::getpid());
        exec.run();
    }
    return Successor{process, std::move(reader)};
}

}  // namespace glovebox::core
