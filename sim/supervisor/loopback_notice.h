// SPDX-License-Identifier: Apache-2.0

// A program in an enclave that serves TCP on its loopback interface while that is down, as it is in
// every enclave that has just booted: nobody reaches it, and its own error, where it gets one, is
// "Cannot assign requested address". The log says what is missing, once.
#pragma once

#include "core/base/log.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class LoopbackNotice {
  public:
    // The log outlives it.
    explicit LoopbackNotice(Log& log) : log_(log) {}

    // Looks at a call that goes on to the kernel; only bind(2) is of interest.
    void look(const SystemCall& call, Tracee& tracee);

  private:
    Log& log_;
    bool was_told_ = false;
};

}  // namespace glovebox::supervisor
