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
#include <string>

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
constexpr int io_class_best_effort = 2;
constexpr int io_class_idle = 3;
constexpr int io_levels = 8;

bool is_real_time(int policy) {
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

bool is_fair(int policy) {
    return policy == SCHED_OTHER || policy == SCHED_BATCH;
}

// The kernel's own values of a thread.
int held_nice(pid_t thread) {
    return nice_base - static_cast<int>(::syscall(SYS_getpriority, PRIO_PROCESS, thread));
}
int held_policy(pid_t thread) {
    return static_cast<int>(::syscall(SYS_sched_getscheduler, thread));
}
int held_priority(pid_t thread) {
    sched_param parameter{};
    ::syscall(SYS_sched_getparam, thread, &parameter);
    return parameter.sched_priority;
}
int held_io_priority(pid_t thread) {
    return static_cast<int>(::syscall(SYS_ioprio_get, io_priority_process, thread));
}

// What the program reads. What was told is over once the kernel has another value.
int told_nice(const RootState& state, int held) {
    return state.nice && state.nice->held == held ? state.nice->told : held;
}
std::optional<RootState::Policy> told_policy(const RootState& state, pid_t thread) {
    return state.policy && state.policy->held == held_policy(thread) ? state.policy : std::nullopt;
}

const char* policy_name(int policy) {
    switch (policy & ~reset_on_fork) {
        case SCHED_FIFO:
            return "SCHED_FIFO";
        case SCHED_RR:
            return "SCHED_RR";
        case SCHED_BATCH:
            return "SCHED_BATCH";
        case SCHED_IDLE:
            return "SCHED_IDLE";
        default:
            return "SCHED_OTHER";
    }
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

bool SchedulingCalls::may_act_on(const SystemCall& call, const Subject& subject) const {
    return root_.may_act_on(call.thread, subject.thread, EnclaveRoot::Owner::effective_user,
                            CAP_SYS_NICE);
}

bool SchedulingCalls::may_raise(const SystemCall& call) const {
    return root_.right_of(call.thread, CAP_SYS_NICE) == EnclaveRoot::Right::shown;
}

bool SchedulingCalls::is_within(const Subject& subject, int resource, int priority,
                                Limit which) const {
    rlimit limit{};
    if (read_limit(subject.thread, resource, limit) != 0)
        return false;
    if (which == Limit::told)
        limit = states_.told(subject.carrier, resource, limit);
    return static_cast<rlim_t>(priority) <= limit.rlim_cur;
}

bool SchedulingCalls::may_have_nice(const Subject& subject, int nice, int now, Limit which) const {
    return nice >= now || is_within(subject, RLIMIT_NICE, nice_base - nice, which);
}

// user_check_sched_setscheduler of the kernel.
bool SchedulingCalls::may_have(const Subject& subject, const Wish& wish, const Wish& now,
                               Limit which) const {
    const int policy = wish.policy & ~reset_on_fork;
    const int policy_now = now.policy & ~reset_on_fork;
    const int nice_now = now.nice.value_or(0);
    if ((now.policy & reset_on_fork) != 0 && (wish.policy & reset_on_fork) == 0)
        return false;
    if (is_real_time(policy)) {
        const bool is_new = policy != policy_now;
        return (!is_new || is_within(subject, RLIMIT_RTPRIO, 1, which)) &&
               (wish.priority <= now.priority ||
                is_within(subject, RLIMIT_RTPRIO, wish.priority, which));
    }
    if (policy_now == SCHED_IDLE && policy != SCHED_IDLE &&
        !is_within(subject, RLIMIT_NICE, nice_base - nice_now, which))
        return false;
    return !is_fair(policy) ||
           may_have_nice(subject, wish.nice.value_or(nice_now), nice_now, which);
}

SyscallReply SchedulingCalls::carry_out(Tracee& tracee, const Subject& subject,
                                        const RootState& after, bool is_machines, const char* kind,
                                        const std::string& what) {
    if (is_machines && after == subject.state)
        return SyscallReply::pass_through();
    const auto carrier = states_.carry(subject.carrier, after);
    if (!carrier)
        notices_.tell(LogLevel::warning, "priorities", "root_call",
                      "{} can't be told as an enclave's root may set it: too many different "
                      "limits and priorities were set, or RLIMIT_RTTIME is not unlimited where "
                      "glovebox is started",
                      what);
    const bool is_kept =
        carrier && tracee.is_waiting() && write_limit(subject.thread, RLIMIT_RTTIME, *carrier) == 0;
    if (!is_kept || is_machines)
        return SyscallReply::pass_through();
    notices_.tell(LogLevel::info, kind, "root_call",
                  "the program has set {}, as an enclave's root may, and reads it back; this "
                  "machine lets it run with the priority that it had",
                  what);
    return SyscallReply::value(0);
}

SyscallReply SchedulingCalls::answer(const SystemCall& call, Tracee& tracee) {
    const auto found = is_about_one(call)
                           ? subject(call, call.int_argument(thread_argument(call.number)))
                           : std::nullopt;
    if (!found)
        return SyscallReply::pass_through();
    const RootState& state = found->state;
    const pid_t thread = found->thread;
    switch (call.number) {
        case SYS_setpriority:
            return set_nice(call, tracee, *found);
        case SYS_getpriority:
            return SyscallReply::value(nice_base - told_nice(state, held_nice(thread)));
        case SYS_sched_setscheduler:
        case SYS_sched_setparam:
            return set_parameter(call, tracee, *found);
        case SYS_sched_getscheduler: {
            const auto policy = told_policy(state, thread);
            return policy ? SyscallReply::value(policy->policy) : SyscallReply::pass_through();
        }
        case SYS_sched_getparam: {
            const auto policy = told_policy(state, thread);
            return policy ? give(tracee, call.arguments[1], policy->priority)
                          : SyscallReply::pass_through();
        }
        case SYS_sched_setattr:
            return set_attributes(call, tracee, *found);
        case SYS_sched_getattr:
            return get_attributes(call, tracee, *found);
        case SYS_ioprio_set:
            return set_io_priority(call, tracee, *found);
        case SYS_ioprio_get:
            return state.io_priority && state.io_priority->held == held_io_priority(thread)
                       ? SyscallReply::value(state.io_priority->told)
                       : SyscallReply::pass_through();
        default:
            return set_cpus(call, tracee, *found);
    }
}

// The kernel lets everybody lower a priority, and nobody here raise one.
SyscallReply SchedulingCalls::set_nice(const SystemCall& call, Tracee& tracee,
                                       const Subject& subject) {
    const int nice = std::clamp(call.int_argument(2), nice_least, nice_most);
    const int held = held_nice(subject.thread);
    const bool is_enclaves =
        may_act_on(call, subject) &&
        (may_have_nice(subject, nice, told_nice(subject.state, held), Limit::told) ||
         may_raise(call));
    if (!is_enclaves)
        return SyscallReply::pass_through();
    const bool is_machines = may_have_nice(subject, nice, held, Limit::held);
    RootState after = subject.state;
    after.nice.reset();
    if (!is_machines)
        after.nice = RootState::Nice{nice, held};
    return carry_out(tracee, subject, after, is_machines, "nice",
                     fmt::format("nice value {}", nice));
}

SyscallReply SchedulingCalls::set_parameter(const SystemCall& call, Tracee& tracee,
                                            const Subject& subject) {
    const bool has_policy = call.number == SYS_sched_setscheduler;
    const auto priority = tracee.read_value<int>(call.arguments[has_policy ? 2 : 1]);
    if (!priority)
        return SyscallReply::pass_through();
    const auto told = told_policy(subject.state, subject.thread);
    const int policy = has_policy ? call.int_argument(1)
                       : told     ? told->policy
                                  : held_policy(subject.thread);
    return set_policy(call, tracee, subject, {policy, *priority});
}

SyscallReply SchedulingCalls::set_policy(const SystemCall& call, Tracee& tracee,
                                         const Subject& subject, const Wish& wish) {
    const int plain = wish.policy & ~reset_on_fork;
    const bool is_known = is_real_time(plain) || is_fair(plain) || plain == SCHED_IDLE;
    // About what is no request, and about SCHED_DEADLINE, the kernel has the word.
    if (!is_known || wish.priority < ::sched_get_priority_min(plain) ||
        wish.priority > ::sched_get_priority_max(plain) || !may_act_on(call, subject))
        return SyscallReply::pass_through();
    const pid_t thread = subject.thread;
    const int nice = held_nice(thread);
    const Wish held{held_policy(thread), held_priority(thread), nice};
    Wish told = held;
    if (const auto policy = told_policy(subject.state, thread))
        told = {policy->policy, policy->priority, {}};
    told.nice = told_nice(subject.state, nice);
    if (!may_have(subject, wish, told, Limit::told) && !may_raise(call))
        return SyscallReply::error(EPERM);
    const bool is_machines =
        EnclaveRoot::owns(call.thread, thread, EnclaveRoot::Owner::effective_user) &&
        may_have(subject, wish, held, Limit::held);
    RootState after = subject.state;
    after.policy.reset();
    if (!is_machines)
        after.policy = RootState::Policy{wish.policy, wish.priority, held.policy};
    if (is_fair(plain) && wish.nice) {
        after.nice.reset();
        if (!is_machines && *wish.nice != nice)
            after.nice = RootState::Nice{*wish.nice, nice};
    }
    std::string what = policy_name(plain);
    if (is_real_time(plain))
        what += fmt::format(" with priority {}", wish.priority);
    else if (wish.nice)
        what += fmt::format(" with nice value {}", *wish.nice);
    return carry_out(tracee, subject, after, is_machines, "policy", what);
}

SyscallReply SchedulingCalls::set_attributes(const SystemCall& call, Tracee& tracee,
                                             const Subject& subject) {
    const auto given = tracee.read_value<SchedulingAttributes>(call.arguments[1]);
    constexpr std::uint64_t resets_on_fork = 1;  // SCHED_FLAG_RESET_ON_FORK
    if (!given || call.int_argument(2) != 0 ||
        (given->size != 0 && given->size < attributes_bytes) ||
        (given->flags & ~resets_on_fork) != 0)
        return SyscallReply::pass_through();
    Wish wish{static_cast<int>(given->policy), static_cast<int>(given->priority), {}};
    if ((wish.policy & reset_on_fork) != 0)  // a flag of sched_setscheduler's alone
        return SyscallReply::pass_through();
    if ((given->flags & resets_on_fork) != 0)
        wish.policy |= reset_on_fork;
    if (is_fair(static_cast<int>(given->policy)))
        wish.nice = std::clamp(given->nice, nice_least, nice_most);
    return set_policy(call, tracee, subject, wish);
}

SyscallReply SchedulingCalls::get_attributes(const SystemCall& call, Tracee& tracee,
                                             const Subject& subject) const {
    SchedulingAttributes attributes;
    const auto policy = told_policy(subject.state, subject.thread);
    const auto room = static_cast<std::uint32_t>(call.arguments[2]);
    if ((!policy && !subject.state.nice) || room < attributes_bytes ||
        ::syscall(SYS_sched_getattr, subject.thread, &attributes, sizeof attributes, 0) != 0)
        return SyscallReply::pass_through();
    attributes.nice = told_nice(subject.state, attributes.nice);
    if (policy) {
        attributes.policy = static_cast<std::uint32_t>(policy->policy & ~reset_on_fork);
        attributes.flags = (policy->policy & reset_on_fork) != 0 ? 1 : 0;
        attributes.priority = static_cast<std::uint32_t>(policy->priority);
        if (is_real_time(policy->policy & ~reset_on_fork))
            attributes.nice = 0;
    }
    return give(tracee, call.arguments[1], attributes);
}

SyscallReply SchedulingCalls::set_io_priority(const SystemCall& call, Tracee& tracee,
                                              const Subject& subject) {
    const int priority = call.int_argument(2);
    const int kind = priority >> io_class_shift;
    const int level = priority & ((1 << io_class_shift) - 1);
    const bool is_real_time = kind == io_class_real_time;
    const bool is_request = is_real_time || kind == io_class_idle || priority == 0 ||
                            (kind == io_class_best_effort && level < io_levels);
    constexpr auto rule = EnclaveRoot::Owner::real_user;
    if (!is_request || !root_.may_act_on(call.thread, subject.thread, rule, CAP_SYS_NICE) ||
        (is_real_time && !may_raise(call)))
        return SyscallReply::pass_through();
    const bool is_machines = !is_real_time && EnclaveRoot::owns(call.thread, subject.thread, rule);
    RootState after = subject.state;
    after.io_priority.reset();
    if (!is_machines)
        after.io_priority = RootState::IoPriority{priority, held_io_priority(subject.thread)};
    return carry_out(tracee, subject, after, is_machines, "io",
                     is_real_time ? "a real-time priority of input and output"
                                  : "a priority of input and output");
}

// An enclave's kernel drops the CPUs that it doesn't have from a mask.
SyscallReply SchedulingCalls::set_cpus(const SystemCall& call, Tracee& tracee,
                                       const Subject& subject) {
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
    if (!may_act_on(call, subject))
        return SyscallReply::error(EPERM);
    if (CPU_COUNT(&given) == 0)
        return SyscallReply::error(EINVAL);
    if (!tracee.is_waiting())  // what was read may be another thread's
        return SyscallReply::pass_through();
    return ::sched_setaffinity(subject.thread, sizeof given, &given) == 0
               ? SyscallReply::value(0)
               : SyscallReply::error(errno);
}

}  // namespace glovebox::supervisor
