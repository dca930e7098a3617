// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/signal_relay.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"

namespace glovebox::enclave {

SignalRelay::SignalRelay() {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM,
                             SIGPROF, SIGIO, SIGSTKFLT, SIGXCPU, power_off_signal, SIGCHLD})
        sigaddset(&taken, number);
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number)
        sigaddset(&taken, number);
    ::pthread_sigmask(SIG_BLOCK, &taken, &before_);
    // Of children's ends alone, and not of each stop of a thread that this process traces.
    struct sigaction of_children {};
    ::sigaction(SIGCHLD, nullptr, &of_children);
    of_children.sa_flags |= SA_NOCLDSTOP;
    ::sigaction(SIGCHLD, &of_children, nullptr);
    fd_.reset(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_)
        throw ErrorException(errno_error("signalfd", errno));
}

SignalRelay::~SignalRelay() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalRelay::next(bool same_process_group) const {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
        const auto number = static_cast<int>(info.ssi_signo);
        if (number == SIGCHLD || info.ssi_code != SI_KERNEL || !same_process_group)
            return number;
    }
    return std::nullopt;
}

}  // namespace glovebox::enclave
