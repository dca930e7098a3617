// SPDX-License-Identifier: Apache-2.0

// Receives the signals that are to be passed on to a program.
#pragma once

#include <signal.h>

#include <optional>

#include "core/base/unique_fd.h"

namespace glovebox::enclave {

// The signal of `glovebox stop`: powers the enclave off, without a signal to its program.
inline constexpr int power_off_signal = SIGPWR;

// While it lives, a descriptor receives SIGCHLD and the signals that end a process by default,
// real-time signals included; not SIGKILL and those that report a defect of this process itself
// (SIGSEGV, SIGABRT, ..., SIGPIPE, SIGXFSZ). They are blocked in the calling thread and in threads
// that it starts meanwhile. The constructor throws ErrorException.
class SignalRelay {
  public:
    SignalRelay();
    ~SignalRelay();
    SignalRelay(const SignalRelay&) = delete;
    SignalRelay& operator=(const SignalRelay&) = delete;

    // Readable when a signal is pending.
    [[nodiscard]] int fd() const { return fd_.get(); }
    // The next pending signal; empty without one. If the program is in this process's process
    // group, signals of the terminal are left out: the kernel has sent them to the program too.
    [[nodiscard]] std::optional<int> next(bool same_process_group = true) const;

  private:
    sigset_t before_;
    UniqueFd fd_;
};

}  // namespace glovebox::enclave
