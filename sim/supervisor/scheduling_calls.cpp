// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/scheduling_calls.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sim/supervisor/named_thread.h"

namespace glovebox::supervisor {
namespace {

// linux/sched.h, whose struct sched_attr glibc 2.36 doesn't have.
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};
constexpr std::uint32_t attributes_bytes = 48;
static_assert(sizeof(SchedulingAttributes) == attributes_bytes);
constexpr int reset_on_fork = 0x40000000;  // SCHED_RESET_ON_FORK

// getpriority(2), as a system call: 20 is nice value 0, since negative results are errors.
constexpr int nice_base = 20;
constexpr int nice_least = -20;
constexpr int nice_most = 19;

// linux/ioprio.h
constexpr int io_priority_process = 1;
constexpr int io_class_shift = 13;
constexpr int io_class_real_time = 1;
constexpr int io_class_max = 3;

bool is_real_time(int policy) {
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

int nice_of(pid_t thread) {
    return nice_base - static_cast<int>(::syscall(SYS_getpriority, PRIO_PROCESS, thread));
}

// What the program reads.
int told_nice(const RootState& state, int held) {
    return state.nice && state.nice->held == held ? state.nice->told : held;
}

// Whether the kernel lets everybody have a priority, by a limit that counts up with it
// (getrlimit(2), RLIMIT_NICE and RLIMIT_RTPRIO).
bool is_within(pid_t thread, int resource, int priority) {
    rlimit limit{};
    return read_limit(thread, resource, limit) == 0 &&
           static_cast<rlim_t>(priority) <= limit.rlim_cur;
}

// The index of the argument that names a thread.
std::size_t thread_argument(int number) {
    const bool has_kind = number == SYS_setpriority || number == SYS_getpriority ||
                          number == SYS_ioprio_set || number == SYS_ioprio_get;
    return has_kind ? 1 : 0;
}

// Whether the call is about one thread: who are meant by a group or a user is not for us.
bool is_about_one(const SystemCall& call) {
    if (call.number == SYS_setpriority || call.number == SYS_getpriority)
        return call.int_argument(0) == PRIO_PROCESS;
    if (call.number == SYS_ioprio_set || call.number == SYS_ioprio_get)
        return call.int_argument(0) == io_priority_process;
    return true;
}

}  // namespace

bool SchedulingCalls::handles(int number) {
    switch (number) {
        case SYS_setpriority:
        case SYS_getpriority:
        case SYS_sched_setscheduler:
        case SYS_sched_getscheduler:
        case SYS_sched_setparam:
        case SYS_sched_getparam:
        case SYS_sched_setattr:
        case SYS_sched_getattr:
        case SYS_sched_setaffinity:
        case SYS_ioprio_set:
        case SYS_ioprio_get:
            return true;
        default:
            return false;
    }
}

std::optional<SchedulingCalls::Subject> SchedulingCalls::subject(const SystemCall& call,
                                                                 int number) const {
    const auto thread = thread_named(call.thread, number);
    Subject subject;
    if (!thread || read_limit(*thread, RLIMIT_RTTIME, subject.carrier) != 0)
        return std::nullopt;
    subject.thread = *thread;
    subject.state = states_.of(subject.carrier);
    return subject;
}

bool SchedulingCalls::keep(const Subject& subject) {
    const auto carrier = states_.carry(subject.carrier, subject.state);
    return carrier && write_limit(subject.thread, RLIMIT_RTTIME, *carrier) == 0;
}

bool SchedulingCalls::may_raise(const SystemCall& call) const {
    return root_.right_of(call.thread, CAP_SYS_NICE) == EnclaveRoot::Right::shown;
}

void SchedulingCalls::tell(const std::string& what) {
    notices_.tell(LogLevel::info, what, "root_call",
                  "the program has set {}, as an enclave's root may, and reads it back; this "
                  "machine lets it run with the priority that it had",
                  what);
}

SyscallReply SchedulingCalls::answer(const SystemCall& call, Tracee& tracee) {
    const auto found = is_about_one(call)
                           ? subject(call, call.int_argument(thread_argument(call.number)))
                           : std::nullopt;
    if (!found)
        return SyscallReply::pass_through();
    Subject subject = *found;
    const auto& policy = subject.state.policy;
    switch (call.number) {
        case SYS_setpriority:
            return set_nice(call, subject, call.int_argument(2));
        case SYS_getpriority:
            return SyscallReply::value(nice_base -
                                       told_nice(subject.state, nice_of(subject.thread)));
        case SYS_sched_setscheduler:
        case SYS_sched_setparam: {
            const bool has_policy = call.number == SYS_sched_setscheduler;
            const auto parameter = tracee.read_value<int>(call.arguments[has_policy ? 2 : 1]);
            if (!parameter || (!has_policy && !policy))
                return SyscallReply::pass_through();
            return set_policy(call, subject, has_policy ? call.int_argument(1) : policy->policy,
                              *parameter);
        }
        case SYS_sched_getscheduler:
            return policy ? SyscallReply::value(policy->policy) : SyscallReply::pass_through();
        case SYS_sched_getparam:
            return policy ? give(tracee, call.arguments[1], policy->priority)
                          : SyscallReply::pass_through();
        case SYS_sched_setattr:
            return set_attributes(call, tracee, subject);
        case SYS_sched_getattr:
            return get_attributes(call, tracee, subject);
        case SYS_ioprio_set:
            return set_io_priority(call, subject);
        case SYS_ioprio_get:
            return subject.state.io_priority ? SyscallReply::value(*subject.state.io_priority)
                                             : SyscallReply::pass_through();
        default:
            return set_cpus(call, tracee, subject.thread);
    }
}

// The kernel lets everybody lower a priority, and nobody here raise one.
SyscallReply SchedulingCalls::set_nice(const SystemCall& call, Subject& subject, int nice) {
    nice = std::clamp(nice, nice_least, nice_most);
    const int held = nice_of(subject.thread);
    const bool is_kernels =
        nice >= held || is_within(subject.thread, RLIMIT_NICE, nice_base - nice);
    if (!is_kernels && !may_raise(call))
        return SyscallReply::pass_through();
    subject.state.nice.reset();
    if (!is_kernels)
        subject.state.nice = RootState::Nice{nice, held};
    if (!keep(subject) || is_kernels)
        return SyscallReply::pass_through();
    tell(fmt::format("nice value {}", nice));
    return SyscallReply::value(0);
}

SyscallReply SchedulingCalls::set_policy(const SystemCall& call, Subject& subject, int policy,
                                         int priority) {
    const int plain = policy & ~reset_on_fork;
    if (!is_real_time(plain)) {
        const bool had_one = subject.state.policy.has_value();
        subject.state.policy.reset();
        if (had_one)
            (void)keep(subject);
        return SyscallReply::pass_through();
    }
    if (priority < ::sched_get_priority_min(plain) || priority > ::sched_get_priority_max(plain))
        return SyscallReply::error(EINVAL);
    subject.state.policy = RootState::Policy{policy, priority};
    if (is_within(subject.thread, RLIMIT_RTPRIO, priority) || !may_raise(call) || !keep(subject))
        return SyscallReply::pass_through();
    tell(fmt::format("{} with priority {}", plain == SCHED_FIFO ? "SCHED_FIFO" : "SCHED_RR",
                     priority));
    return SyscallReply::value(0);
}

SyscallReply SchedulingCalls::set_attributes(const SystemCall& call, Tracee& tracee,
                                             Subject& subject) {
    const auto given = tracee.read_value<SchedulingAttributes>(call.arguments[1]);
    if (!given || call.int_argument(2) != 0 || given->size < attributes_bytes)
        return SyscallReply::pass_through();
    const int policy = static_cast<int>(given->policy);
    if (is_real_time(policy))
        return set_policy(call, subject, policy, static_cast<int>(given->priority));
    subject.state.policy.reset();
    if (policy == SCHED_OTHER || policy == SCHED_BATCH)
        return set_nice(call, subject, given->nice);
    return SyscallReply::pass_through();
}

SyscallReply SchedulingCalls::get_attributes(const SystemCall& call, Tracee& tracee,
                                             const Subject& subject) const {
    SchedulingAttributes attributes;
    const auto room = static_cast<std::uint32_t>(call.arguments[2]);
    if ((!subject.state.policy && !subject.state.nice) || room < attributes_bytes ||
        ::syscall(SYS_sched_getattr, subject.thread, &attributes, sizeof attributes, 0) != 0)
        return SyscallReply::pass_through();
    attributes.nice = told_nice(subject.state, attributes.nice);
    if (const auto& policy = subject.state.policy) {
        attributes.policy = static_cast<std::uint32_t>(policy->policy & ~reset_on_fork);
        attributes.priority = static_cast<std::uint32_t>(policy->priority);
        attributes.nice = 0;
    }
    return give(tracee, call.arguments[1], attributes);
}

SyscallReply SchedulingCalls::set_io_priority(const SystemCall& call, Subject& subject) {
    const int priority = call.int_argument(2);
    const int kind = priority >> io_class_shift;
    if (kind != io_class_real_time) {
        const bool had_one = subject.state.io_priority.has_value();
        subject.state.io_priority.reset();
        if (had_one && kind >= 0 && kind <= io_class_max)
            (void)keep(subject);
        return SyscallReply::pass_through();
    }
    subject.state.io_priority = priority;
    if (!may_raise(call) || !keep(subject))
        return SyscallReply::pass_through();
    tell("a real-time priority of input and output");
    return SyscallReply::value(0);
}

// An enclave's kernel drops the CPUs that it doesn't have from a mask.
SyscallReply SchedulingCalls::set_cpus(const SystemCall& call, Tracee& tracee, pid_t thread) {
    if (cpus_.empty())
        return SyscallReply::pass_through();
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    const std::size_t bytes =
        std::min<std::size_t>(sizeof wanted, static_cast<std::uint32_t>(call.arguments[1]));
    if (const int error =
            tracee.read(call.arguments[2], {reinterpret_cast<std::uint8_t*>(&wanted), bytes}))
        return SyscallReply::error(error);
    cpu_set_t given;
    CPU_ZERO(&given);
    for (const int cpu : cpus_)
        if (CPU_ISSET(cpu, &wanted))
            CPU_SET(cpu, &given);
    if (CPU_COUNT(&given) == 0)
        return SyscallReply::error(EINVAL);
    return ::sched_setaffinity(thread, sizeof given, &given) == 0 ? SyscallReply::value(0)
                                                                  : SyscallReply::error(errno);
}

}  // namespace glovebox::supervisor
