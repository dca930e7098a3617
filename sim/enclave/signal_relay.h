// Signals that are passed on to a program which runs in this process's place.
#pragma once

#include <signal.h>

#include <optional>

#include "core/base/unique_fd.h"

namespace glovebox::enclave {

// What `glovebox stop` sends: the enclave's power goes off, and its program hears nothing of it.
inline constexpr int power_off_signal = SIGPWR;

// While it lives, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPWR and SIGCHLD wait in a
// descriptor, for all threads that are started meanwhile too. Throws ErrorException.
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
