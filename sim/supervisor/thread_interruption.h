// SPDX-License-Identifier: Apache-2.0

// Interrupts a thread of this process that waits in a system call.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace glovebox::supervisor {

// A signal that is ignored by default, so that nobody misses it.
inline constexpr int interrupting_signal = SIGURG;

// For this process: the signal has a handler, which does nothing.
inline void install_interruption() {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // without SA_RESTART: it is to interrupt
    ::sigaction(interrupting_signal, &action, nullptr);
}

// For the calling thread, whose signals are blocked (core/base/signals_blocked.h).
inline void allow_interruption() {
    sigset_t interrupting;
    sigemptyset(&interrupting);
    sigaddset(&interrupting, interrupting_signal);
    ::pthread_sigmask(SIG_UNBLOCK, &interrupting, nullptr);
}

}  // namespace glovebox::supervisor
