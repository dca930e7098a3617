// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/root_calls.h"

#include <sys/syscall.h>

namespace glovebox::supervisor {
namespace {

// INIT_RLIMITS of the kernel. The sandbox sets the soft limits, and leaves the hard ones as they
// are on this machine: so much can be given to a program that raises them.
RootState first_state(bool is_sandbox) {
    RootState state;
    if (!is_sandbox)
        return state;
    constexpr rlim_t open_files = 4096;
    state.limits[RLIMIT_NOFILE] = RootState::Limit{open_files};
    state.limits[RLIMIT_CORE] = RootState::Limit{RLIM_INFINITY};
    if (has_stack_limit())
        state.limits[RLIMIT_STACK] = RootState::Limit{RLIM_INFINITY};
    return state;
}

}  // namespace

RootCalls::RootCalls(const EnclaveFacts& facts, Log& log)
    : is_sandbox_(facts.is_sandbox),
      root_(facts),
      notices_(log),
      states_(first_state(facts.is_sandbox)),
      limits_(root_, states_, notices_),
      scheduling_(root_, states_, notices_, facts.cpus),
      memory_(root_, states_, notices_, facts.memory_bytes),
      clock_(root_, notices_),
      entropy_(root_, notices_),
      settings_(root_, notices_),
      features_(notices_),
      nodes_(root_, notices_) {}

bool RootCalls::handles(int number) {
    return LimitCalls::handles(number) || SchedulingCalls::handles(number) ||
           MemoryCalls::handles(number) || ClockCalls::handles(number) ||
           NodeCalls::handles(number) || number == call_fsopen;
}

std::optional<SyscallReply> RootCalls::answer(const SystemCall& call, Tracee& tracee) {
    if (LimitCalls::handles(call.number))
        return limits_.answer(call, tracee);
    if (SchedulingCalls::handles(call.number))
        return scheduling_.answer(call, tracee);
    if (MemoryCalls::handles(call.number))
        return memory_.answer(call, tracee);
    if (ClockCalls::handles(call.number))
        return clock_.answer(call, tracee);
    if (call.number == SYS_ioctl)
        return entropy_.answer(call, tracee);
    if (!is_sandbox_)
        return std::nullopt;
    if (auto reply = features_.answer(call, tracee))
        return reply;
    return NodeCalls::handles(call.number) ? nodes_.answer(call, tracee) : std::nullopt;
}

}  // namespace glovebox::supervisor
