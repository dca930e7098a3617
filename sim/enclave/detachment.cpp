// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/detachment.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace glovebox::enclave {
namespace {

sigset_t ending_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM})
        sigaddset(&signals, number);
    return signals;
}

// The foreground. Returns its exit status.
int wait_for(pid_t background, const UniqueFd& pipe, const UniqueFd& signals) {
    for (;;) {
        pollfd events[] = {{pipe.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
        if (::poll(events, 2, -1) < 0)
            continue;
        signalfd_siginfo signal{};
        if ((events[1].revents & POLLIN) != 0 &&
            ::read(signals.get(), &signal, sizeof signal) == sizeof signal)
            ::kill(background, static_cast<int>(signal.ssi_signo));
        if (events[0].revents == 0)
            continue;
        char ready = 0;
        if (::read(pipe.get(), &ready, 1) == 1)
            return 0;
        int status = 0;
        while (::waitpid(background, &status, 0) < 0 && errno == EINTR) {
        }
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

}  // namespace

Result<Detachment> Detachment::begin() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return errno_error("--detach: a pipe to the background", errno);
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    // Blocked before the fork, so that a signal between the fork and the wait is passed on too.
    const sigset_t ending = ending_signals();
    sigset_t before;
    ::sigprocmask(SIG_BLOCK, &ending, &before);
    const pid_t background = ::fork();
    if (background < 0) {
        const int failure = errno;
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        return errno_error("--detach: fork", failure);
    }
    if (background == 0) {
        ::setsid();
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        return Detachment(std::move(write_end));
    }
    write_end.reset();
    const UniqueFd signals(::signalfd(-1, &ending, SFD_CLOEXEC));
    // Destructors and buffers belong to the background.
    ::_exit(wait_for(background, read_end, signals));
}

void Detachment::ready(UniqueFd log) {
    const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(nothing.get(), STDIN_FILENO);
    ::dup2(nothing.get(), STDOUT_FILENO);
    ::dup2(log ? log.get() : nothing.get(), STDERR_FILENO);
    const char ready = 'r';
    (void)!::write(foreground_.get(), &ready, 1);
    foreground_.reset();
}

}  // namespace glovebox::enclave
