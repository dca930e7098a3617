// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/clock_calls.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox::supervisor {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

nanoseconds since_1970(const timespec& time) {
    return seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

nanoseconds from_now(nanoseconds time) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return time - since_1970(now);
}

// Far enough from what a nanosecond count holds.
constexpr time_t last_second = 1LL << 32;

bool is_time(const timespec& time) {
    constexpr long second = 1'000'000'000;
    return time.tv_sec >= 0 && time.tv_sec < last_second && time.tv_nsec >= 0 &&
           time.tv_nsec < second;
}

}  // namespace

bool ClockCalls::handles(int number) {
    return number == SYS_clock_settime || number == SYS_settimeofday ||
           number == SYS_clock_adjtime || number == SYS_adjtimex;
}

SyscallReply ClockCalls::answer(const SystemCall& call, Tracee& tracee) {
    const bool has_clock = call.number == SYS_clock_settime || call.number == SYS_clock_adjtime;
    if ((has_clock && call.int_argument(0) != CLOCK_REALTIME) ||
        root_.right_of(call.thread, CAP_SYS_TIME) != EnclaveRoot::Right::shown)
        return SyscallReply::pass_through();
    const std::uint64_t address = call.arguments[has_clock ? 1 : 0];
    if (call.number == SYS_clock_adjtime || call.number == SYS_adjtimex)
        return adjust(tracee, address);
    // settimeofday(NULL, zone): the kernel's time zone, which no program asks it for.
    if (address == 0 && call.number == SYS_settimeofday)
        return SyscallReply::value(0);
    const auto given = tracee.read_value<timespec>(address);
    if (!given)
        return SyscallReply::error(to_int(given.error()));
    timespec time = *given;
    if (call.number == SYS_settimeofday)  // a timeval, of the same layout
        time.tv_nsec *= 1000;
    return is_time(time) ? set(from_now(since_1970(time))) : SyscallReply::pass_through();
}

SyscallReply ClockCalls::set(nanoseconds from_now) {
    if (std::chrono::abs(from_now) <= agreement) {
        notices_.tell(
            LogLevel::info, "clock", "root_call",
            "the program sets its clock, as an enclave's root may, and the call succeeds; "
            "the time is within {} s of this machine's clock, which stays as it is",
            agreement.count());
        return SyscallReply::value(0);
    }
    notices_.tell(LogLevel::warning, "other clock", "root_call",
                  "the program may not set its clock to {} s {} this machine's: an enclave has a "
                  "clock of its own, a sandbox has this machine's, so the call fails with EPERM "
                  "here",
                  std::chrono::abs(std::chrono::round<seconds>(from_now)).count(),
                  from_now.count() > 0 ? "after" : "before");
    return SyscallReply::error(EPERM);
}

// The rate and the small corrections of an NTP client.
SyscallReply ClockCalls::adjust(Tracee& tracee, std::uint64_t address) {
    const auto wanted = tracee.read_value<timex>(address);
    if (!wanted)
        return SyscallReply::error(to_int(wanted.error()));
    if (wanted->modes == 0)
        return SyscallReply::pass_through();
    if ((wanted->modes & ADJ_SETOFFSET) != 0) {
        const bool counts_nanoseconds = (wanted->modes & ADJ_NANO) != 0;
        if (std::abs(wanted->time.tv_sec) > last_second)
            return SyscallReply::pass_through();
        SyscallReply reply =
            set(seconds(wanted->time.tv_sec) +
                (counts_nanoseconds ? nanoseconds(wanted->time.tv_usec)
                                    : nanoseconds(microseconds(wanted->time.tv_usec))));
        if (reply.kind() == SyscallReply::Kind::error)
            return reply;
    } else {
        (void)set(nanoseconds(0));
    }
    timex held{};
    const int state = ::adjtimex(&held);
    if (state < 0)
        return SyscallReply::pass_through();
    held.modes = wanted->modes;
    if ((wanted->modes & ADJ_FREQUENCY) != 0)
        held.freq = wanted->freq;
    if ((wanted->modes & ADJ_OFFSET) != 0)
        held.offset = wanted->offset;
    if ((wanted->modes & ADJ_MAXERROR) != 0)
        held.maxerror = wanted->maxerror;
    if ((wanted->modes & ADJ_ESTERROR) != 0)
        held.esterror = wanted->esterror;
    if ((wanted->modes & ADJ_STATUS) != 0)
        held.status = wanted->status;
    if ((wanted->modes & ADJ_TIMECONST) != 0)
        held.constant = wanted->constant;
    if ((wanted->modes & ADJ_TICK) != 0)
        held.tick = wanted->tick;
    const int error = tracee.write_value(address, held);
    return error == 0 ? SyscallReply::value(state) : SyscallReply::error(error);
}

}  // namespace glovebox::supervisor
