// SPDX-License-Identifier: Apache-2.0

// Setting the clock: root in an enclave may, and its clock is its own. Here it is the machine's,
// which nobody sets.
//
// A program that sets it to about the time that it has anyway, as one that asks its parent or an
// NTP server for it, succeeds. One that wants another time would see that it has not got it, and
// fails with the reason in the log.
#pragma once

#include <chrono>

#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class ClockCalls {
  public:
    // What is given by reference outlives it.
    ClockCalls(const EnclaveRoot& root, Notices& notices) : root_(root), notices_(notices) {}

    [[nodiscard]] static bool handles(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

    // `date --set` cuts its time to a second, and takes a moment.
    static constexpr std::chrono::seconds agreement{2};

  private:
    // settimeofday(2), whose two arguments may both be absent.
    [[nodiscard]] SyscallReply set_time_of_day(const SystemCall& call, Tracee& tracee);
    [[nodiscard]] SyscallReply set(std::chrono::nanoseconds from_now);
    [[nodiscard]] SyscallReply adjust(Tracee& tracee, std::uint64_t address);

    const EnclaveRoot& root_;
    Notices& notices_;
};

}  // namespace glovebox::supervisor
