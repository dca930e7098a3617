// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/limit_calls.h"

#include <linux/capability.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "sim/supervisor/named_thread.h"

namespace glovebox::supervisor {
namespace {

// fs.nr_open of a kernel that nobody has told otherwise. Not even root has more open files.
constexpr rlim_t open_files_max = 1 << 20;

// In the order of their numbers (asm-generic/resource.h), with the option of a shell's ulimit.
struct ResourceName {
    std::string_view name;
    std::string_view option;
};
constexpr std::array<ResourceName, RLIM_NLIMITS> resource_names{{{"RLIMIT_CPU", "t"},
                                                                 {"RLIMIT_FSIZE", "f"},
                                                                 {"RLIMIT_DATA", "d"},
                                                                 {"RLIMIT_STACK", "s"},
                                                                 {"RLIMIT_CORE", "c"},
                                                                 {"RLIMIT_RSS", "m"},
                                                                 {"RLIMIT_NPROC", "u"},
                                                                 {"RLIMIT_NOFILE", "n"},
                                                                 {"RLIMIT_MEMLOCK", "l"},
                                                                 {"RLIMIT_AS", "v"},
                                                                 {"RLIMIT_LOCKS", "x"},
                                                                 {"RLIMIT_SIGPENDING", "i"},
                                                                 {"RLIMIT_MSGQUEUE", "q"},
                                                                 {"RLIMIT_NICE", "e"},
                                                                 {"RLIMIT_RTPRIO", "r"},
                                                                 {"RLIMIT_RTTIME", "R"}}};

std::string limit_text(rlim_t limit) {
    return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit);
}

bool has_soft_and_hard_calls(int number) {
    return number == SYS_setrlimit || number == SYS_getrlimit;
}

// A process's second limit is a bound of its own, which the kernel enforces.
bool is_enforced_when_hard(int resource) {
    return resource == RLIMIT_CPU;
}

}  // namespace

bool has_stack_limit() {
    rlimit limit{};
    return read_limit(0, RLIMIT_STACK, limit) == 0 && limit.rlim_max != RLIM_INFINITY;
}

// A limit of a process as the kernel has it, and the number of its state.
struct LimitCalls::Held {
    pid_t process = 0;
    int resource = 0;
    rlimit limit{};
    rlimit carrier{};
};

bool LimitCalls::handles(int number) {
    return has_soft_and_hard_calls(number) || number == SYS_prlimit64;
}

SyscallReply LimitCalls::answer(const SystemCall& call, Tracee& tracee) {
    const bool has_process = !has_soft_and_hard_calls(call.number);
    Held held;
    held.resource = call.int_argument(has_process ? 1 : 0);
    if (held.resource < 0 || held.resource >= static_cast<int>(RLIM_NLIMITS) ||
        (held.resource == RLIMIT_STACK && !has_stack_limit()))
        return SyscallReply::pass_through();
    const std::uint64_t new_at = has_process                    ? call.arguments[2]
                                 : call.number == SYS_setrlimit ? call.arguments[1]
                                                                : 0;
    const std::uint64_t old_at = has_process                    ? call.arguments[3]
                                 : call.number == SYS_getrlimit ? call.arguments[1]
                                                                : 0;
    const int number = has_process ? call.int_argument(0) : 0;
    const auto process =
        number == 0 ? std::optional(call.thread) : process_named(call.thread, number);
    // Whoever may not even read it hears that from the kernel.
    if (!process ||
        !(number == 0 ||
          root_.may_act_on(call.thread, *process, EnclaveRoot::Owner::all_ids, CAP_SYS_RESOURCE)) ||
        read_limit(*process, held.resource, held.limit) != 0 ||
        read_limit(*process, RLIMIT_RTTIME, held.carrier) != 0)
        return SyscallReply::pass_through();
    held.process = *process;
    if (new_at != 0) {
        const auto wanted = tracee.read_value<rlimit>(new_at);
        return wanted ? set(call, tracee, held, *wanted, old_at)
                      : SyscallReply::error(to_int(wanted.error()));
    }
    const rlimit told = states_.told(held.carrier, held.resource, held.limit);
    if (old_at == 0 ||
        (told.rlim_cur == held.limit.rlim_cur && told.rlim_max == held.limit.rlim_max))
        return SyscallReply::pass_through();
    return give(tracee, old_at, told);
}

SyscallReply LimitCalls::set(const SystemCall& call, Tracee& tracee, Held& held,
                             const rlimit& wanted, std::uint64_t old_at) {
    const auto right = root_.right_of(call.thread, CAP_SYS_RESOURCE);
    if (right == EnclaveRoot::Right::of_kernel)
        return SyscallReply::pass_through();
    if (wanted.rlim_cur > wanted.rlim_max)
        return SyscallReply::error(EINVAL);
    if (held.resource == RLIMIT_NOFILE && wanted.rlim_max > open_files_max)
        return SyscallReply::error(EPERM);
    const rlimit told = states_.told(held.carrier, held.resource, held.limit);
    if (wanted.rlim_max > told.rlim_max && right == EnclaveRoot::Right::none)
        return SyscallReply::error(EPERM);

    RootState state = states_.of(held.carrier);
    auto& limit = state.limits[static_cast<std::size_t>(held.resource)];
    const bool is_carrier = held.resource == RLIMIT_RTTIME;
    const rlim_t most = held.limit.rlim_max;
    const bool is_own = !limit && !is_carrier;  // as the kernel holds it
    const bool is_lowered = wanted.rlim_max < most;
    if (is_own &&
        (wanted.rlim_max == most || (is_lowered && (is_enforced_when_hard(held.resource) ||
                                                    right == EnclaveRoot::Right::none))))
        return SyscallReply::pass_through();
    const rlimit put{std::min(wanted.rlim_cur, most),
                     is_enforced_when_hard(held.resource) ? std::min(wanted.rlim_max, most) : most};
    limit.reset();
    if (is_carrier || wanted.rlim_max != put.rlim_max)
        limit = RootState::Limit{wanted.rlim_max};
    if (is_carrier || wanted.rlim_cur != put.rlim_cur) {
        limit->soft = wanted.rlim_cur;
        limit->soft_held = put.rlim_cur;
    }
    const auto carrier = states_.carry(held.carrier, state);
    if (!carrier) {
        tell_of_shortage();
        return is_own && is_lowered ? SyscallReply::pass_through() : SyscallReply::error(EPERM);
    }
    if (!tracee.is_waiting())  // what was read may be another thread's
        return SyscallReply::pass_through();
    if (old_at != 0)
        if (const int error = tracee.write_value(old_at, told))
            return SyscallReply::error(error);
    if (!is_carrier && write_limit(held.process, held.resource, put) != 0)
        return SyscallReply::pass_through();
    if (const int error = write_limit(held.process, RLIMIT_RTTIME, *carrier))
        return SyscallReply::error(error);
    if (wanted.rlim_max > most)
        tell(held.resource, wanted, put);
    return SyscallReply::value(0);
}

void LimitCalls::tell_of_shortage() {
    notices_.tell(LogLevel::warning, "limits", "root_call",
                  "a limit can't be raised as an enclave's root may, and one that is lowered stays "
                  "low: too many different ones were set, or RLIMIT_RTTIME is not unlimited where "
                  "glovebox is started");
}

void LimitCalls::tell(int resource, const rlimit& wanted, const rlimit& held) {
    const auto& [name, option] = resource_names[static_cast<std::size_t>(resource)];
    notices_.tell(LogLevel::info, std::string(name), "root_call",
                  "{} is {} for the program, as an enclave's root may set it, and this machine "
                  "gives it {}: raise the hard limit (ulimit -H{}) where glovebox is started if it "
                  "needs more",
                  name, limit_text(std::max(wanted.rlim_cur, held.rlim_cur)),
                  limit_text(held.rlim_cur), option);
}

}  // namespace glovebox::supervisor
