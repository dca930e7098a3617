// SPDX-License-Identifier: Apache-2.0

// The tracer of a tree (ptrace(2)): how socket(AF_VSOCK) comes to the supervisor where another
// filter, a container's, denies the call.
//
// That filter's errno is stronger than a notification, and weaker than SECCOMP_RET_TRAP. So the
// filter of the tree traps the call (FilterOptions::relabels): instead of making it, the thread is
// about to receive SIGSYS. The tracer takes that signal away, turns the call into
// socket(AF_UNIX, ...) with a label in a register that socket() does not read, and lets the thread
// make it again. The other filter allows that call, and the label has it notified.
// When it returns, the tracer restores the registers.
//
//   socket(AF_VSOCK) -> SIGSYS, taken -> socket(AF_UNIX, label) -> notified, answered -> restored
//
// Everything else runs as without a tracer: signals and stops are passed on, those that the program
// ignores end no call of its own (InterruptedTransfer), new threads and processes are traced from
// their first instruction. Programs that trace others themselves cannot
// do so here: a thread has one tracer. x86-64 alone.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/supervisor/interrupted_transfer.h"

namespace glovebox::supervisor {

// In an argument of a relabelled socket(AF_UNIX), the first that socket() does not have.
inline constexpr unsigned relabel_argument = 3;
inline constexpr std::uint64_t relabel_mark = 0x676c'6f76'736f'636b;  // "glovsock"

class Tracer {
  public:
    // Starts the tracing thread. Errors: no thread, or another processor than x86-64.
    [[nodiscard]] static Result<std::unique_ptr<Tracer>> start();
    // Ends the thread. What is still traced is killed.
    ~Tracer();
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    // Traces a process and everything that it starts from now on: 0 or an errno value. Once.
    [[nodiscard]] int attach(pid_t process);
    // Its wait status (waitpid(2)), once it has ended: if it becomes a child of this process,
    // nobody else hears of it.
    [[nodiscard]] std::optional<int> wait_status();
    // Readable once there is the wait status.
    [[nodiscard]] int end_event() const { return end_event_.get(); }

    // Carries a task out on the tracing thread, which alone can stop a traced thread and use its
    // registers, and waits for it. Not from the task itself.
    void run(const std::function<void()>& task);
    // On the tracing thread: lets a stopped thread go on; `signal` is delivered to it, 0 for none.
    void resume(pid_t thread, int signal);

    // On the tracing thread: the thread stops for a moment when its call returns.
    static void interrupt(pid_t thread);

    // Called on the tracing thread when a traced thread has ended; must not wait for a thread that
    // may be in run(). Empty: nobody is called any more when this returns.
    void watch_exits(std::function<void(pid_t thread)> ended);

  private:
    // Of a relabelled call: what the program had in the registers that were changed.
    struct Relabelled {
        std::uint64_t domain;
        std::uint64_t fourth;
    };

    Tracer() = default;

    void trace();
    void take_tasks();
    void take_event(pid_t thread, int status);
    [[nodiscard]] bool relabel(pid_t thread);
    void remove_label(pid_t thread);
    void take_call_stop(pid_t thread);
    void take_signal(pid_t thread, int signal);
    [[nodiscard]] bool go_on_in_spite_of(pid_t thread, int signal);
    void finish_transfer(pid_t thread);
    void forget(pid_t thread);

    std::mutex callers_;  // one task at a time
    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* task_ = nullptr;
    bool is_taken_ = false;
    bool is_done_ = false;
    bool is_over_ = false;
    pid_t root_ = 0;
    std::optional<int> root_status_;  // guarded by mutex_
    UniqueFd end_event_;

    // Used by the tracing thread alone.
    std::function<void(pid_t)> ended_;
    std::unordered_map<pid_t, Relabelled> relabelled_;
    std::unordered_map<pid_t, InterruptedTransfer> transfers_;
    unsigned filters_ = 0;  // of a thread of the tree without one of its own

    std::thread thread_;
};

// Carries a task out where threads of the tree can be stopped: on the tracing thread of `tracer`,
// or here if there is none.
template <class Task>
void on_tracing_thread(Tracer* tracer, const Task& task) {
    if (tracer == nullptr)
        task();
    else
        tracer->run(task);
}

}  // namespace glovebox::supervisor
