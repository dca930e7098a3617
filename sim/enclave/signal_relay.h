// SPDX-License-Identifier: Apache-2.0

// Signals that are passed on to a program which runs in this process's place.
#pragma once

#include <signal.h>

#include <optional>

#include "core/base/unique_fd.h"

namespace glovebox::enclave {

// What `glovebox stop` sends: the enclave's power goes off, and its program hears nothing of it.
inline constexpr int power_off_signal = SIGPWR;

// While it lives, SIGCHLD and all that end a process by default wait in a descriptor, for all
// threads that are started meanwhile too: real-time signals as well, and all but SIGKILL and those
// that tell of a defect of this process itself (SIGSEGV, SIGABRT and their like, SIGPIPE, SIGXFSZ).
// Throws ErrorException.
class SignalRelay {
  public:
    SignalRelay();
    ~SignalRelay();
    SignalRelay(const SignalRelay&) = delete;
    SignalRelay& operator=(const SignalRelay&) = delete;

    // Readable when a signal waits.
    [[nodiscard]] int fd() const { return fd_.get(); }
    // The next one, nothing when none waits. Those that the terminal sends are left out for a
    // program in the same process group: the kernel has sent them to it as well.
    [[nodiscard]] std::optional<int> next(bool same_process_group = true) const;

  private:
    sigset_t before_;
    UniqueFd fd_;
};

}  // namespace glovebox::enclave
