// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/memory_calls.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "core/base/file_bytes.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

// How much a process may lock: as the kernel holds it, and as the program reads it.
struct LockLimit {
    rlim_t held = 0;
    rlim_t told = 0;
};

std::optional<LockLimit> lock_limit(const RootStates& states, pid_t thread) {
    rlimit limit{};
    rlimit carrier{};
    if (read_limit(thread, RLIMIT_MEMLOCK, limit) != 0 ||
        read_limit(thread, RLIMIT_RTTIME, carrier) != 0)
        return std::nullopt;
    return LockLimit{limit.rlim_cur, states.told(carrier, RLIMIT_MEMLOCK, limit).rlim_cur};
}

}  // namespace

bool is_mapped(std::string_view maps, std::uint64_t begin, std::uint64_t end) {
    constexpr int hexadecimal = 16;
    while (begin < end && !maps.empty()) {
        const std::size_t line = maps.find('\n');
        std::uint64_t first = 0;
        std::uint64_t after = 0;
        const char* const last = maps.data() + maps.size();
        const auto dash = std::from_chars(maps.data(), last, first, hexadecimal);
        if (dash.ec != std::errc() || dash.ptr == last)
            return false;
        std::from_chars(dash.ptr + 1, last, after, hexadecimal);
        if (first > begin)
            return false;
        begin = std::max(begin, after);
        maps.remove_prefix(line == std::string_view::npos ? maps.size() : line + 1);
    }
    return begin >= end;
}

bool MemoryCalls::handles(int number) {
    return number == SYS_mlock || number == SYS_mlock2 || number == SYS_mlockall ||
           number == SYS_sysinfo;
}

SyscallReply MemoryCalls::answer(const SystemCall& call, Tracee& tracee) {
    if (call.number == SYS_sysinfo)
        return tell_memory(call, tracee);
    return call.number == SYS_mlockall ? lock_all(call) : lock(call);
}

SyscallReply MemoryCalls::lock(const SystemCall& call) {
    const auto status = read_thread_status(call.thread);
    const auto limit = lock_limit(states_, call.thread);
    if (!status || !limit)
        return SyscallReply::pass_through();
    const auto right = root_.right_of(call.thread, *status, CAP_IPC_LOCK);
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t begin = call.arguments[0] & ~(page - 1);
    const std::uint64_t end = (call.arguments[0] + call.arguments[1] + page - 1) & ~(page - 1);
    constexpr std::uint64_t kib = 1024;
    const rlim_t wanted = status->locked_kib * kib + (end - begin);
    const bool is_allowed = right == EnclaveRoot::Right::shown || wanted <= limit->told;
    // The kernel has the word where it does as an enclave's would, and about what is no request.
    if (right == EnclaveRoot::Right::of_kernel || end <= begin || wanted <= limit->held ||
        !is_allowed || (call.number == SYS_mlock2 && (call.int_argument(2) & ~MLOCK_ONFAULT) != 0))
        return SyscallReply::pass_through();
    if (!is_mapped(read_system_text(fmt::format("/proc/{}/maps", status->process)), begin, end))
        return SyscallReply::error(ENOMEM);
    tell(limit->held);
    return SyscallReply::value(0);
}

SyscallReply MemoryCalls::lock_all(const SystemCall& call) {
    const int flags = call.int_argument(0);
    const auto right = root_.right_of(call.thread, CAP_IPC_LOCK);
    const auto limit = lock_limit(states_, call.thread);
    const bool is_allowed =
        limit && (right == EnclaveRoot::Right::shown || limit->told == RLIM_INFINITY);
    // Within a limit the kernel would carry MCL_FUTURE out, and have later allocations fail.
    if (right == EnclaveRoot::Right::of_kernel || !is_allowed || limit->held == RLIM_INFINITY)
        return SyscallReply::pass_through();
    if (flags == 0 || flags == MCL_ONFAULT ||
        (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0)
        return SyscallReply::error(EINVAL);
    tell(limit->held);
    return SyscallReply::value(0);
}

void MemoryCalls::tell(rlim_t held) {
    notices_.tell(LogLevel::info, "mlock", "root_call",
                  "the program locks memory, as an enclave's root may, and the call succeeds; this "
                  "machine locks {} bytes of it for a process: raise that limit (ulimit -l) where "
                  "glovebox is started to lock more",
                  held);
}

SyscallReply MemoryCalls::tell_memory(const SystemCall& call, Tracee& tracee) const {
    struct sysinfo info {};
    if (!memory_bytes_ || ::sysinfo(&info) != 0)
        return SyscallReply::pass_through();
    info.mem_unit = 1;
    info.totalram = *memory_bytes_;
    info.freeram = *memory_bytes_;
    info.sharedram = info.bufferram = info.totalswap = info.freeswap = 0;
    info.totalhigh = info.freehigh = 0;
    return give(tracee, call.arguments[0], info);
}

}  // namespace glovebox::supervisor
