// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/delegation.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "core/base/fd_passing.h"
#include "core/base/file_bytes.h"
#include "sim/enclave/signal_relay.h"

namespace glovebox::enclave {
namespace {

constexpr const char* door = "/dev/glovebox";

struct Message {
    enum Kind : int { run, signal, ended, refused } kind;
    int value;            // the umask, a signal, an exit status, an errno value
    pid_t process_group;  // of `run`
    unsigned arguments;   // of `run`: how many of the strings are arguments
};

enum PassedFd : std::size_t { executable, directory, input, output, errors, strings, passed_fds };

// The strings between the zero bytes.
std::vector<char*> split(std::string& text) {
    std::vector<char*> parts;
    for (std::size_t at = 0; at < text.size(); at += std::char_traits<char>::length(&text[at]) + 1)
        parts.push_back(&text[at]);
    return parts;
}

Error refusal(int errno_value) {
    if (errno_value == EPERM)
        return errno_error(
            "this runs inside a supervised tree of another user, who would have to start it: run "
            "both as one user",
            errno_value);
    return errno_error("the outer supervisor could not start it", errno_value);
}

mode_t current_umask() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return mask;
}

}  // namespace

Result<std::optional<int>> run_through_outer_supervisor() {
    const UniqueFd channel(::open(door, O_RDWR | O_CLOEXEC));
    if (!channel)
        return errno == EPERM ? Result<std::optional<int>>(refusal(EPERM)) : std::optional<int>();
    const SignalRelay relay;
    const std::string arguments = read_system_text("/proc/self/cmdline");
    std::string text = arguments + read_system_text("/proc/self/environ");
    const UniqueFd exe(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const UniqueFd cwd(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd file(::memfd_create("strings", MFD_CLOEXEC));
    if (!exe || !cwd || !file ||
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return errno_error("cannot ask the outer supervisor", errno);
    const Message request{Message::run, static_cast<int>(current_umask()), ::getpgrp(),
                          static_cast<unsigned>(std::count(arguments.begin(), arguments.end(), 0))};
    const std::array<int, passed_fds> fds{exe.get(), cwd.get(), 0, 1, 2, file.get()};
    if (!send_with_fds(channel.get(), &request, sizeof request, fds))
        return errno_error("cannot ask the outer supervisor", errno);
    for (;;) {
        std::array<pollfd, 2> ready{{{channel.get(), POLLIN, 0}, {relay.fd(), POLLIN, 0}}};
        ::poll(ready.data(), ready.size(), -1);
        while (const auto number = relay.next()) {
            if (*number == SIGCHLD)
                continue;
            const Message signal{Message::signal, *number, 0, 0};
            (void)send_with_fds(channel.get(), &signal, sizeof signal, {});
        }
        if (ready[0].revents == 0)
            continue;
        Message answer{};
        if (receive_with_fds(channel.get(), &answer, sizeof answer, {}) != 0)
            return refusal(EPIPE);
        if (answer.kind == Message::ended)
            return std::optional(answer.value);
        return refusal(answer.value);
    }
}

void Delegation::take_message() {
    Message message{};
    std::array<UniqueFd, passed_fds> fds;
    const int failure = receive_with_fds(channel_.get(), &message, sizeof message, fds);
    if (failure == EMFILE)
        return refuse(EMFILE);
    if (failure != 0) {
        // The client was killed, and so is the program that it asked for.
        if (process_ != 0)
            ::kill(process_, SIGKILL);
        channel_.reset();
        return;
    }
    if (message.kind == Message::signal && process_ != 0)
        ::kill(process_, message.value);
    if (message.kind != Message::run || process_ != 0)
        return;
    std::string text = read_system_text("/proc/self/fd/" + std::to_string(fds[strings].get()));
    std::vector<char*> parts = split(text);
    const std::size_t arguments = std::min<std::size_t>(message.arguments, parts.size());
    parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(arguments), nullptr);
    parts.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        // Between fork and exec: only system calls. The passed descriptors are all above 2.
        for (int i = 0; i < 3; ++i)
            ::dup2(fds[input + static_cast<std::size_t>(i)].get(), i);
        if (::fchdir(fds[directory].get()) == 0) {
            ::umask(static_cast<mode_t>(message.value));
            ::setpgid(0, message.process_group);
            inherited_.restore();
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // as its client, which ends with this process
            ::syscall(SYS_execveat, fds[executable].get(), "", parts.data(),
                      parts.data() + arguments + 1, AT_EMPTY_PATH);
        }
        refuse(errno);
        ::_exit(127);
    }
    process_ = child < 0 ? 0 : child;
    if (child < 0)
        refuse(errno);
}

void Delegation::refuse(int errno_value) const {
    const Message refused{Message::refused, errno_value, 0, 0};
    (void)send_with_fds(channel_.get(), &refused, sizeof refused, {});
}

void Delegation::end(int exit_status) {
    process_ = 0;
    if (!channel_)
        return;
    const Message ended{Message::ended, exit_status, 0, 0};
    (void)send_with_fds(channel_.get(), &ended, sizeof ended, {});
    channel_.reset();
}

}  // namespace glovebox::enclave
