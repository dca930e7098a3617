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
    char state = '?';  // R running, S asleep, D asleep and deaf to caught signals, ...
    // SigQ: signals queued for all processes of its real user, in the user namespace that it is in;
    // nothing where the kernel doesn't say.
    std::optional<std::uint64_t> queued;
    std::uint64_t pending = 0;         // SigPnd: directed at this thread
    std::uint64_t shared_pending = 0;  // ShdPnd: directed at its process
    std::uint64_t blocked = 0;         // SigBlk
    std::uint64_t ignored = 0;         // SigIgn
    std::uint64_t caught = 0;          // SigCgt
    std::uint64_t capabilities = 0;    // CapEff
    // Seccomp_filters; nothing before Linux 5.10.
    std::optional<unsigned> filters;
    std::uint64_t locked_kib = 0;  // VmLck: memory that its process has locked

    // Whether a signal or a stop of its process has woken the thread since its call was received,
    // where the answer alone ends such a call (WAIT_KILLABLE_RECV). The thread then goes on waiting
    // as one that nothing but the answer and SIGKILL wakes: state D in place of S. It keeps the
    // kernel's mark that it was woken, so an answer of errno_restart never reaches its program.
    [[nodiscard]] bool was_woken() const { return state == 'D'; }
    [[nodiscard]] bool has_capability(unsigned number) const {
        return ((capabilities >> number) & 1) != 0;
    }
};

[[nodiscard]] ThreadStatus parse_thread_status(std::string_view text);

// Nothing when there is no such thread.
[[nodiscard]] std::optional<ThreadStatus> read_thread_status(pid_t thread);

// How many system call filters a thread has under the supervisor's if it has installed none itself:
// one more than this process, which is asked before it confines itself.
[[nodiscard]] unsigned filters_of_programs();

// How often the thread has begun to run on a processor (/proc/<thread>/schedstat): a quarter of the
// price of its status. A thread that was seen asleep and has the same count was not woken since.
// Nothing when there is no such thread, or the kernel does not count (CONFIG_SCHED_INFO).
[[nodiscard]] std::optional<std::uint64_t> read_run_count(pid_t thread);

}  // namespace glovebox::supervisor
