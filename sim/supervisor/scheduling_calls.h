// SPDX-License-Identifier: Apache-2.0

// The priorities of an enclave's programs, whose root may raise them: nice values, real-time
// policies, the priority of input and output. What the kernel refuses is read back as it was set;
// the program runs with the priority that it has.
//
// And the CPUs: an enclave has no others than its own, so sched_setaffinity leads to none of the
// machine's.
#pragma once

#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/root_state.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class SchedulingCalls {
  public:
    // What is given by reference outlives it. `cpus` are those of the enclave; empty: all.
    SchedulingCalls(const EnclaveRoot& root, RootStates& states, Notices& notices,
                    std::vector<int> cpus)
        : root_(root), states_(states), notices_(notices), cpus_(std::move(cpus)) {}

    [[nodiscard]] static bool handles(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

  private:
    // One thread, its process's carrier, and the state that this one stands for.
    struct Subject {
        pid_t thread = 0;
        rlimit carrier{};
        RootState state{};
    };
    [[nodiscard]] std::optional<Subject> subject(const SystemCall& call, int number) const;
    [[nodiscard]] bool keep(const Subject& subject);
    [[nodiscard]] bool may_raise(const SystemCall& call) const;
    void tell(const std::string& what);

    [[nodiscard]] SyscallReply set_nice(const SystemCall& call, Subject& subject, int nice);
    [[nodiscard]] SyscallReply set_policy(const SystemCall& call, Subject& subject, int policy,
                                          int priority);
    [[nodiscard]] SyscallReply set_attributes(const SystemCall& call, Tracee& tracee,
                                              Subject& subject);
    [[nodiscard]] SyscallReply set_io_priority(const SystemCall& call, Subject& subject);
    [[nodiscard]] SyscallReply set_cpus(const SystemCall& call, Tracee& tracee, pid_t thread);
    [[nodiscard]] SyscallReply get_attributes(const SystemCall& call, Tracee& tracee,
                                              const Subject& subject) const;

    const EnclaveRoot& root_;
    RootStates& states_;
    Notices& notices_;
    std::vector<int> cpus_;
};

}  // namespace glovebox::supervisor
