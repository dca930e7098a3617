// SPDX-License-Identifier: Apache-2.0

#include "core/base/interruption.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "core/base/error.h"

namespace glovebox {

Interruption::Interruption(std::initializer_list<int> further) {
    std::vector<int> numbers{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    numbers.insert(numbers.end(), further);
    sigset_t held;
    sigemptyset(&held);
    for (const int number : numbers) {
        struct sigaction action {};
        // Ignored and blocked, a signal would wait all the same.
        if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&held, number);
    }
    fd_.reset(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_)
        throw ErrorException(errno_error("signalfd", errno));
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
}

Interruption::~Interruption() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interruption::check() const {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) == sizeof info)
        throw Interrupted{static_cast<int>(info.ssi_signo)};
}

void end_by_signal(int signal) {
    ::signal(signal, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
    ::raise(signal);
    std::_Exit(128 + signal);  // one that does not end a process
}

}  // namespace glovebox
