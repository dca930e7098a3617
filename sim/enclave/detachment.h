// SPDX-License-Identifier: Apache-2.0

// `glovebox run --detach`: the enclave in the background, and a foreground that ends when it is
// ready.
//
//   foreground                          background
//   fork, wait                          own session, runs the enclave
//        <---- "ready" ---------------  standard output and input: /dev/null; standard error: a
//        file
//   exits with 0
//        <---- end of the pipe -------  ended before it was ready
//   exits with its status
//
// Until it is ready the background writes to the foreground's standard error, so that a start that
// fails is seen. Signals that would end the foreground end the background too.
#pragma once

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {

class Detachment {
  public:
    // Forks; to be called while the process has one thread. Returns in the background alone: the
    // foreground ends here.
    [[nodiscard]] static Result<Detachment> begin();

    // Lets go of the terminal and ends the foreground with status 0. `log` becomes the standard
    // error.
    void ready(UniqueFd log);

  private:
    explicit Detachment(UniqueFd foreground) : foreground_(std::move(foreground)) {}

    UniqueFd foreground_;
};

}  // namespace glovebox::enclave
