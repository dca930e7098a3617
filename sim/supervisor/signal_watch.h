// SPDX-License-Identifier: Apache-2.0

// Signals and stops of threads whose system call the supervisor has received, where its answer
// alone ends such a call (WAIT_KILLABLE_RECV): for many threads at the price of one.
//
// The kernel counts the signals that are queued for all processes of a user (SigQ of
// proc_pid_status(5)), and one that is not counted waits for nobody; a stop wakes every thread of
// its process. So where the count is 0 and one thread was not woken, that was a look at all threads
// of its process. Where it isn't, each thread is looked at by itself: as soon as the count has
// changed, and from time to time, since a POSIX timer counts as long as it exists, and other
// programs of the user may keep signals blocked. Of a thread that was seen asleep the number of its
// runs is enough then: whatever wakes it lets it run.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {

class SignalWatch {
  public:
    using Clock = std::chrono::steady_clock;
    using ReadStatus = std::function<std::optional<ThreadStatus>(pid_t thread)>;
    using ReadRuns = std::function<std::optional<std::uint64_t>(pid_t thread)>;

    // What is known of a thread between looks.
    struct Memory {
        struct Owner {
            pid_t process;
            unsigned user;
            auto operator<=>(const Owner&) const = default;
        };
        std::optional<Owner> owner;  // none before its first look: fixed while its call waits
        std::uint64_t round = 0;     // of its last look
        // How often it had run when it was last seen asleep.
        std::optional<std::uint64_t> runs;
    };
    enum class Finding {
        nothing,
        gone,   // its call waits no more
        woken,  // by a signal or a stop
    };

    explicit SignalWatch(ReadStatus read_status = read_thread_status,
                         ReadRuns read_runs = read_run_count)
        : read_status_(std::move(read_status)), read_runs_(std::move(read_runs)) {}

    // A round of looks at so many threads begins.
    void begin(std::size_t threads, Clock::time_point now);
    // Whether this round is one for the thread, however soon it comes: nothing waits for anybody,
    // or all threads are looked at. False before a look at one of its process, and after its own.
    [[nodiscard]] bool includes(const Memory& memory) const;
    // This round has found that nothing waits for any thread of the process.
    [[nodiscard]] bool is_quiet(const Memory& memory) const;
    // `is_valid`: whether the thread's call still waits.
    [[nodiscard]] Finding look(pid_t thread, Memory& memory, const std::function<bool()>& is_valid);
    // The processor's time that the round took decides how soon all threads are looked at again: on
    // a busy machine the round may have waited for its processor much longer.
    void end(Clock::time_point now, Clock::duration took);

  private:
    struct Queue {
        std::uint64_t round = 0;  // in which it was read
        std::optional<std::uint64_t> length;
        bool is_quiet = false;      // in that round
        bool looks_at_all = false;  // in that round
        bool has_news = false;      // since the last look at all
    };

    // What this round has read of the thread's owner; null before.
    [[nodiscard]] const Queue* known(const Memory& memory) const;
    void note(Queue& queue, const ThreadStatus& status);

    ReadStatus read_status_;
    ReadRuns read_runs_;
    std::map<Memory::Owner, Queue> queues_;
    std::uint64_t round_ = 0;
    std::size_t stride_ = 1;  // of the threads of a round, each stride-th has its turn
    std::size_t place_ = 0;   // in the round, of the next thread
    std::size_t first_looks_ = 0;
    bool looked_at_all_ = false;
    Clock::time_point begun_at_;
    Clock::time_point looked_at_all_at_;
    Clock::duration look_at_all_took_{};
};

}  // namespace glovebox::supervisor
