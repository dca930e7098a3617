// SPDX-License-Identifier: Apache-2.0

// Stops all processes of an enclave (SIGSTOP), as if its processors were taken away.
#pragma once

#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

class Pause {
  public:
    // Every process of the enclave has SIGSTOP when this returns. Its `glovebox run` and what that
    // has for it go on, so that the enclave can be ended. Errors: a process of another user, of a
    // program that runs without a sandbox.
    [[nodiscard]] static Result<Pause> begin(const EnclaveRecord& record);

    // The processes go on, but for those that had been stopped before.
    ~Pause();
    Pause(Pause&&) noexcept = default;
    Pause& operator=(Pause&&) = delete;

  private:
    Pause() = default;

    std::vector<UniqueFd> stopped_;  // a descriptor of each process
};

}  // namespace glovebox::enclave
