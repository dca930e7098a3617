// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/clock_calls.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>

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

// timespec64_valid_settod of the kernel: what it counts in nanoseconds, less 30 years of uptime.
constexpr time_t seconds_end = 8'277'292'036;
constexpr long nanoseconds_end = 1'000'000'000;
constexpr long microseconds_end = 1'000'000;

bool is_time(const timespec& time) {
    return time.tv_sec >= 0 && time.tv_sec < seconds_end && time.tv_nsec >= 0 &&
           time.tv_nsec < nanoseconds_end;
}

// linux/timex.h: adjtime(3) has a bit of its own; all other bits mean nothing beside it.
constexpr unsigned single_shot = 0x8000;  // ADJ_ADJTIME
constexpr unsigned read_only = 0x2000;    // ADJ_OFFSET_READONLY

bool changes_nothing(unsigned modes) {
    return modes == 0 || ((modes & (single_shot | read_only)) == (single_shot | read_only) &&
                          (modes & ADJ_SETOFFSET) == 0);
}

// timekeeping_validate_timex of the kernel.
bool is_adjustment(const timex& wanted) {
    constexpr long tick_least = 9'000;
    constexpr long tick_most = 11'000;
    constexpr long long ppm_scale = 65'536'000;
    constexpr long long frequency_most = std::numeric_limits<long long>::max() / ppm_scale;
    if ((wanted.modes & single_shot) == 0 && (wanted.modes & ADJ_TICK) != 0 &&
        (wanted.tick < tick_least || wanted.tick > tick_most))
        return false;
    if ((wanted.modes & ADJ_FREQUENCY) != 0 &&
        (wanted.freq < -frequency_most || wanted.freq > frequency_most))
        return false;
    const long fraction_end = (wanted.modes & ADJ_NANO) != 0 ? nanoseconds_end : microseconds_end;
    return (wanted.modes & ADJ_SETOFFSET) == 0 ||
           (wanted.time.tv_usec >= 0 && wanted.time.tv_usec < fraction_end);
}

// What ADJ_SETOFFSET adds to the clock; nothing where that is no time.
std::optional<nanoseconds> offset_of(const timex& wanted) {
    if (wanted.time.tv_sec <= -seconds_end || wanted.time.tv_sec >= seconds_end)
        return std::nullopt;
    const bool counts_nanoseconds = (wanted.modes & ADJ_NANO) != 0;
    const nanoseconds fraction = counts_nanoseconds
                                     ? nanoseconds(wanted.time.tv_usec)
                                     : nanoseconds(microseconds(wanted.time.tv_usec));
    const seconds whole(wanted.time.tv_sec);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    // In seconds, since the sum in nanoseconds may be beyond what they count.
    const seconds::rep sum = now.tv_sec + whole.count();
    if (sum < 0 || sum >= seconds_end)
        return std::nullopt;
    return whole + fraction;
}

// What adjtimex reads back of the kernel that it has changed.
void show_adjustment(const timex& wanted, timex& held) {
    constexpr int read_only_status = STA_PPSSIGNAL | STA_PPSJITTER | STA_PPSWANDER | STA_PPSERROR |
                                     STA_CLOCKERR | STA_NANO | STA_MODE | STA_CLK;
    constexpr long frequency_most = 500L << 16;  // 500 ppm
    held.modes = wanted.modes;
    if ((wanted.modes & single_shot) != 0)
        return;  // the offset of the one before
    if ((wanted.modes & ADJ_FREQUENCY) != 0)
        held.freq = std::clamp(wanted.freq, -frequency_most, frequency_most);
    if ((wanted.modes & ADJ_OFFSET) != 0)
        held.offset = wanted.offset;
    if ((wanted.modes & ADJ_MAXERROR) != 0)
        held.maxerror = wanted.maxerror;
    if ((wanted.modes & ADJ_ESTERROR) != 0)
        held.esterror = wanted.esterror;
    if ((wanted.modes & ADJ_STATUS) != 0)
        held.status = (held.status & read_only_status) | (wanted.status & ~read_only_status);
    if ((wanted.modes & ADJ_TIMECONST) != 0)
        held.constant = wanted.constant;
    if ((wanted.modes & ADJ_TICK) != 0)
        held.tick = wanted.tick;
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
    if (call.number == SYS_settimeofday)
        return set_time_of_day(call, tracee);
    const auto time = tracee.read_value<timespec>(address);
    if (!time)
        return SyscallReply::error(to_int(time.error()));
    return is_time(*time) ? set(from_now(since_1970(*time))) : SyscallReply::error(EINVAL);
}

SyscallReply ClockCalls::set_time_of_day(const SystemCall& call, Tracee& tracee) {
    std::optional<timespec> time;
    if (call.arguments[0] != 0) {
        const auto given = tracee.read_value<timeval>(call.arguments[0]);
        if (!given)
            return SyscallReply::error(to_int(given.error()));
        // The kernel takes a whole second too many here, and finds it below.
        if (given->tv_usec < 0 || given->tv_usec > microseconds_end)
            return SyscallReply::error(EINVAL);
        constexpr long factor = nanoseconds_end / microseconds_end;
        time = timespec{given->tv_sec, given->tv_usec * factor};
    }
    constexpr int minutes_most = 15 * 60;
    struct timezone zone {};
    if (call.arguments[1] != 0) {
        const auto given = tracee.read_value<struct timezone>(call.arguments[1]);
        if (!given)
            return SyscallReply::error(to_int(given.error()));
        zone = *given;
    }
    if ((time && !is_time(*time)) || zone.tz_minuteswest < -minutes_most ||
        zone.tz_minuteswest > minutes_most)
        return SyscallReply::error(EINVAL);
    // Without a time: the kernel's time zone, which no program asks it for.
    return time ? set(from_now(since_1970(*time))) : SyscallReply::value(0);
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
    if (changes_nothing(wanted->modes))
        return SyscallReply::pass_through();
    if (!is_adjustment(*wanted))
        return SyscallReply::error(EINVAL);
    if ((wanted->modes & ADJ_SETOFFSET) != 0) {
        const auto offset = offset_of(*wanted);
        if (!offset)
            return SyscallReply::error(EINVAL);
        SyscallReply reply = set(*offset);
        if (reply.kind() == SyscallReply::Kind::error)
            return reply;
    } else {
        (void)set(nanoseconds(0));
    }
    timex held{};
    held.modes = (wanted->modes & single_shot) != 0 ? ADJ_OFFSET_SS_READ : 0;
    const int state = ::adjtimex(&held);
    if (state < 0)
        return SyscallReply::pass_through();
    show_adjustment(*wanted, held);
    const int error = tracee.write_value(address, held);
    return error == 0 ? SyscallReply::value(state) : SyscallReply::error(error);
}

}  // namespace glovebox::supervisor
