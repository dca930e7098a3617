// SPDX-License-Identifier: Apache-2.0

// `glovebox run --detach`: the enclave in the background, and a foreground that ends when the
// enclave is ready.
//
//   foreground                          background
//   fork, wait                          own session, runs the enclave
//        <---- "ready" ---------------  standard output and input: /dev/null; standard error: a
//                                       file
//   exits with 0
//        <---- end of the pipe -------  ended before it was ready
//   exits with its status
//
// Until it is ready, the background writes to the foreground's standard error, so a failing start
// is visible. Signals that end the foreground (SIGHUP, SIGINT, SIGQUIT, SIGTERM) are passed on to
// the background.
#pragma once

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {

class Detachment {
  public:
    // Forks. Call it while the process has one thread. Returns in the background only: the
    // foreground waits and exits inside.
    [[nodiscard]] static Result<Detachment> begin();

    // Detaches from the terminal and ends the foreground with status 0. `log` becomes the standard
    // error; without it, that is /dev/null.
    void ready(UniqueFd log);

  private:
    explicit Detachment(UniqueFd foreground) : foreground_(std::move(foreground)) {}

    UniqueFd foreground_;
};

}  // namespace glovebox::enclave
