// SPDX-License-Identifier: Apache-2.0

// The calls that an enclave answers otherwise than this machine: those that its root may make
// (EnclaveRoot), those that tell how much of everything it has, and what its kernel lacks.
//
// Where a program can't tell the difference, a call succeeds as on Nitro, gives what this machine
// has, and one line in the log says so. Where it could, the call fails, and the line says why.
#pragma once

#include <optional>
#include <string>

#include "core/base/log.h"
#include "sim/supervisor/clock_calls.h"
#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/entropy_calls.h"
#include "sim/supervisor/kernel_features.h"
#include "sim/supervisor/kernel_settings.h"
#include "sim/supervisor/limit_calls.h"
#include "sim/supervisor/memory_calls.h"
#include "sim/supervisor/node_calls.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/root_state.h"
#include "sim/supervisor/scheduling_calls.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class RootCalls {
  public:
    // The log outlives it.
    RootCalls(const EnclaveFacts& facts, Log& log);
    RootCalls(const RootCalls&) = delete;
    RootCalls& operator=(const RootCalls&) = delete;

    // Whether all calls of this number are answered here, whatever their arguments.
    [[nodiscard]] static bool handles(int number);
    // Nothing for every other call.
    [[nodiscard]] std::optional<SyscallReply> answer(const SystemCall& call, Tracee& tracee);
    [[nodiscard]] const EnclaveRoot& root() const { return root_; }
    [[nodiscard]] KernelSettings& settings() { return settings_; }

  private:
    bool is_sandbox_;
    EnclaveRoot root_;
    Notices notices_;
    RootStates states_;
    LimitCalls limits_;
    SchedulingCalls scheduling_;
    MemoryCalls memory_;
    ClockCalls clock_;
    EntropyCalls entropy_;
    KernelSettings settings_;
    KernelFeatures features_;
    NodeCalls nodes_;
};

}  // namespace glovebox::supervisor
