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
    // The answer to a call that an enclave's kernel carries out, with the state that it leaves:
    // this machine's kernel carries it out too, or the program reads back that it did.
    [[nodiscard]] SyscallReply carry_out(Tracee& tracee, const Subject& subject,
                                         const RootState& after, bool is_machines, const char* kind,
                                         const std::string& what);
    [[nodiscard]] bool may_act_on(const SystemCall& call, const Subject& subject) const;
    [[nodiscard]] bool may_raise(const SystemCall& call) const;
    // Whether the limit that counts up with a priority (getrlimit(2), RLIMIT_NICE, RLIMIT_RTPRIO)
    // lets everybody have it: by the limit that the program reads, or the one that is held.
    enum class Limit { told, held };
    [[nodiscard]] bool is_within(const Subject& subject, int resource, int priority,
                                 Limit which) const;
    [[nodiscard]] bool may_have_nice(const Subject& subject, int nice, int now, Limit which) const;

    // What sched_setscheduler, sched_setparam and sched_setattr come down to.
    struct Wish {
        int policy = 0;  // with SCHED_RESET_ON_FORK
        int priority = 0;
        std::optional<int> nice{};
    };
    [[nodiscard]] bool may_have(const Subject& subject, const Wish& wish, const Wish& now,
                                Limit which) const;

    [[nodiscard]] SyscallReply set_nice(const SystemCall& call, Tracee& tracee,
                                        const Subject& subject);
    [[nodiscard]] SyscallReply set_policy(const SystemCall& call, Tracee& tracee,
                                          const Subject& subject, const Wish& wish);
    [[nodiscard]] SyscallReply set_parameter(const SystemCall& call, Tracee& tracee,
                                             const Subject& subject);
    [[nodiscard]] SyscallReply set_attributes(const SystemCall& call, Tracee& tracee,
                                              const Subject& subject);
    [[nodiscard]] SyscallReply set_io_priority(const SystemCall& call, Tracee& tracee,
                                               const Subject& subject);
    [[nodiscard]] SyscallReply set_cpus(const SystemCall& call, Tracee& tracee,
                                        const Subject& subject);
    [[nodiscard]] SyscallReply get_attributes(const SystemCall& call, Tracee& tracee,
                                              const Subject& subject) const;

    const EnclaveRoot& root_;
    RootStates& states_;
    Notices& notices_;
    std::vector<int> cpus_;
};

}  // namespace glovebox::supervisor
