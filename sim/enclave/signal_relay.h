// Signals that are passed on to a program which runs in this process's place.
#pragma once

#include <signal.h>

#include <optional>

#include "core/base/unique_fd.h"

namespace glovebox::enclave {

// While it lives, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 and SIGCHLD wait in a
// descriptor, for all threads that are started meanwhile too. Throws ErrorException.
class SignalRelay {
  public:
    SignalRelay();
    ~SignalRelay();
    SignalRelay(const SignalRelay&) = delete;
    SignalRelay& operator=(const SignalRelay&) = delete;

    // Readable when a signal waits.
    [[nodiscard]] int fd() const { return fd_.get(); }
    // The next one, nothing when none waits. Those that the terminal sends are left out: the
    // kernel has sent them to the program as well, which is in the same process group.
    [[nodiscard]] std::optional<int> next() const;

  private:
    sigset_t before_;
    UniqueFd fd_;
};

}  // namespace glovebox::enclave
