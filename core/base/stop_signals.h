// SPDX-License-Identifier: Apache-2.0

// Signals that end a program, as a descriptor for poll(2).
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include <initializer_list>

#include "core/base/unique_fd.h"

namespace glovebox {

// Blocks these signals in the calling thread, and returns a descriptor that is readable once one of
// them has come (signalfd(2)).
[[nodiscard]] inline UniqueFd stop_signals(std::initializer_list<int> numbers) {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : numbers)
        ::sigaddset(&signals, number);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    return UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC));
}

}  // namespace glovebox
