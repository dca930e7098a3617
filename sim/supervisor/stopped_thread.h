// SPDX-License-Identifier: Apache-2.0

// A thread of the program, stopped for a moment (ptrace(2)), for system calls that only the thread
// itself can make. It stops where it just made a notified call: behind its `syscall` instruction,
// which serves for the others.
//
// The program notices nothing of it: no signal is delivered meanwhile, its registers and its mask
// are as before, and it is traced no longer than this object lives. x86-64 alone.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracer.h"

namespace glovebox::supervisor {

class StoppedThread {
  public:
    // What became of the call in which the thread waited.
    struct Attempt {
        // Empty where the thread can't be traced (another traces it, or it is gone).
        std::unique_ptr<StoppedThread> thread;
        bool is_answered =
            false;  // the call has its answer: it is made again, or the thread's gone
    };

    // Stops the thread that waits in `call`. Waits until it has stopped, which takes microseconds.
    // The calling thread alone may use and destroy what it returns. Where a tracer traces the tree,
    // that is the tracing thread (Tracer::run); otherwise null.
    [[nodiscard]] static Attempt stop(const SystemCall& call, Notifier& notifier, Tracer* tracer);
    // Lets the thread go on. By default it makes its call again.
    ~StoppedThread();
    StoppedThread(const StoppedThread&) = delete;
    StoppedThread& operator=(const StoppedThread&) = delete;

    // Makes the thread carry out a system call: its result, a negative errno value included;
    // nothing when the thread was killed.
    [[nodiscard]] std::optional<std::int64_t> call(long number,
                                                   const std::array<std::uint64_t, 6>& arguments);
    // The interrupted call returns this, and is not made again.
    void finish(std::int64_t result);
    // Whether a signal with a handler waits that this very thread will take when it goes on.
    [[nodiscard]] bool is_about_to_handle_signal() const;
    // Only then: the interrupted call is made again or fails with EINTR, as the handler's
    // SA_RESTART wants.
    void leave_to_handler();

  private:
    struct Registers;

    StoppedThread(pid_t thread, Tracer* tracer);

    [[nodiscard]] bool is_behind(const SystemCall& call);
    [[nodiscard]] bool wait_for_stop();
    [[nodiscard]] bool go_to_next_stop();
    void let_go();

    pid_t thread_;
    Tracer* tracer_;
    bool is_gone_ = false;
    bool has_been_used_ = false;  // registers and mask are to be restored
    int stop_code_ = 0;           // of the stop that it is in: si_code and si_signo
    int stop_signal_ = 0;
    bool is_job_stopped_ = false;  // its process was stopped meanwhile (SIGSTOP and its like)
    std::unique_ptr<Registers> saved_;
    std::uint64_t mask_ = 0;
    std::optional<std::int64_t> result_;
    bool is_left_to_handler_ = false;
};

}  // namespace glovebox::supervisor
