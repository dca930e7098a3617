// SPDX-License-Identifier: Apache-2.0

// What /proc/<thread>/status says of a thread (proc_pid_status(5)); readable whoever it is.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace glovebox::supervisor {

// Signal sets have signal n at bit n - 1.
struct ThreadStatus {
    struct Ids {
        unsigned real = 0;
        unsigned effective = 0;
        unsigned saved = 0;
        [[nodiscard]] static Ids all(unsigned id) { return {id, id, id}; }
        bool operator==(const Ids&) const = default;
    };
    pid_t process = 0;        // Tgid
    pid_t parent = 0;         // PPid
    pid_t tracer = 0;         // TracerPid
    pid_t inner_process = 0;  // NStgid: its ID in the PID namespace that the thread is in
    pid_t inner_thread = 0;   // NSpid
    Ids users{};              // Uid
    Ids groups{};             // Gid
    unsigned threads = 1;
    char state = '?';           // R running, S asleep, D asleep and deaf to caught signals, ...
    std::uint64_t pending = 0;  // SigPnd: directed at this thread
    std::uint64_t shared_pending = 0;  // ShdPnd: directed at its process
    std::uint64_t blocked = 0;         // SigBlk
    std::uint64_t ignored = 0;         // SigIgn
    std::uint64_t caught = 0;          // SigCgt
    std::uint64_t capabilities = 0;    // CapEff
    unsigned filters = 0;              // Seccomp_filters
    std::uint64_t locked_kib = 0;      // VmLck: memory that its process has locked

    // Directed at the process, and not blocked by this thread.
    [[nodiscard]] std::uint64_t shared_deliverable() const { return shared_pending & ~blocked; }
    [[nodiscard]] bool has_capability(unsigned number) const {
        return ((capabilities >> number) & 1) != 0;
    }
};

[[nodiscard]] ThreadStatus parse_thread_status(std::string_view text);

// Nothing when there is no such thread.
[[nodiscard]] std::optional<ThreadStatus> read_thread_status(pid_t thread);

// Whether a signal waits that this very thread will handle as soon as its system call returns. The
// kernel hands a signal that was directed at a process to one of its threads, and /proc doesn't
// say which.
enum class WaitingSignal {
    none,
    certain,  // directed at the thread, or nobody else can have been given it
    unclear,  // another thread may have been given it, and handle it any moment
};

// Threads of one process that can take signal set `signals` and may just now be about to: all but
// those asleep in a way that a signal would have ended.
[[nodiscard]] bool may_take_signal(const ThreadStatus& other, std::uint64_t signals);

[[nodiscard]] WaitingSignal waiting_signal(pid_t thread);

}  // namespace glovebox::supervisor
