// SPDX-License-Identifier: Apache-2.0

// A running sandbox, as its maker sees it.
//
//   SandboxPlan plan = make_command_plan(request, read_machine(...)).value();
//   auto sandbox = Sandbox::start(plan, options);   // mounts are done, the hook has run, exec next
//   (*sandbox)->wait_for_exec();                    // or poll report_descriptor() and next_event()
//   EnclaveEnd end = (*sandbox)->wait();
//
// The namespaces are user, mount, PID, network (only `lo`, and down), IPC, UTS and cgroup. Mounts
// that show the machine cannot be changed or unmounted by a program inside (outer_process.h).
// Everything inside ends with the object, with this process, or with the program, whichever ends
// first.
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/sandbox/memory_cgroup.h"
#include "sim/sandbox/program_hook.h"
#include "sim/sandbox/report.h"
#include "sim/sandbox/sandbox_plan.h"

namespace glovebox::sandbox {

struct StartOptions {
    // The program's descriptors 0, 1 and 2.
    std::array<int, 3> standard_streams{0, 1, 2};
    ProgramHook hook;
    // Descriptors that the hook needs, open under the same numbers until exec. Not 0, 1, 2.
    std::vector<int> kept_descriptors;
    // The parent of a memory cgroup; by default find_cgroup_parent() chooses it.
    std::optional<std::string> cgroup_parent;
};

// How the enclave ended.
struct EnclaveEnd {
    // The program's wait status (waitpid(2)); empty if PID 1 was ended before the program: by
    // stop(), or by a SIGKILL from outside. Empty for an init: it is PID 1, whose status only its
    // parent gets.
    std::optional<int> program_status;
};

class Sandbox {
  public:
    enum class Event { executed, ended };

    // Returns when the program's process is in its finished sandbox, just before exec. Blocks for
    // some milliseconds. After a failure nothing remains. Errors are SandboxError codes, or an
    // errno. May be called from several threads.
    [[nodiscard]] static Result<std::unique_ptr<Sandbox>> start(const SandboxPlan& plan,
                                                                const StartOptions& options = {});

    // Stops the sandbox if it runs, and waits until the kernel has ended the last process inside.
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    // PID 1 and the program, in the numbering of this process's PID namespace.
    [[nodiscard]] pid_t init_pid() const { return init_pid_; }
    [[nodiscard]] pid_t program_pid() const { return program_pid_; }
    // Readable when PID 1, and so everything inside, has ended (pidfd_open(2)).
    [[nodiscard]] int end_descriptor() const { return pidfd_.get(); }
    // Readable when next_event() does not block.
    [[nodiscard]] int report_descriptor() const { return reports_.get(); }
    // The hook's descriptor; empty if there is none, or it has been taken.
    [[nodiscard]] UniqueFd take_hook_descriptor() { return std::move(hook_descriptor_); }
    // What this machine cannot provide, a sentence each. notes(): the plan's notes. shortfalls():
    // the things that were asked for, such as a limit on memory that holds for each process only.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
    [[nodiscard]] const std::vector<std::string>& shortfalls() const { return shortfalls_; }
    // The path of the cgroup that limits its memory; empty without one.
    [[nodiscard]] std::string cgroup() const { return cgroup_ ? cgroup_->path() : std::string(); }

    // Waits for the next event: `executed`, once, then `ended`. If the program could not be
    // executed, returns the error program_not_started in the words of execvpe, and execve's errno
    // for an init; `ended` follows.
    [[nodiscard]] Result<Event> next_event();
    // Waits for `executed`. program_not_started also if the sandbox ended before.
    [[nodiscard]] Result<void> wait_for_exec();
    // Waits for the end and reaps PID 1. Returns the same result when it is called again.
    EnclaveEnd wait();
    // Powers it off: SIGKILL to PID 1. Does not wait.
    void stop();

  private:
    Sandbox() = default;
    void make_cgroup(const SandboxPlan& plan, const StartOptions& options);
    Result<void> launch(const SandboxPlan& plan, const StartOptions& options);
    Result<void> wait_for_ready(const SandboxPlan& plan);
    void take_note_of_init(const ReceivedReport& started);
    static void reap(pid_t& child);

    std::unique_ptr<MemoryCgroup> cgroup_;  // removed last, when nothing runs in it any more
    pid_t outer_pid_ = -1;                  // until it is reaped
    UniqueFd outer_pidfd_;
    pid_t init_pid_ = -1;
    pid_t program_pid_ = -1;
    UniqueFd pidfd_;
    UniqueFd reports_;
    UniqueFd hook_descriptor_;
    std::vector<std::string> notes_;
    std::vector<std::string> shortfalls_;
    std::string program_;  // for error messages
    bool like_aws_init_ = false;
    bool program_is_init_ = false;
    bool init_was_executed_ = false;  // or could not be
    bool reaped_ = false;
    EnclaveEnd end_;
};

}  // namespace glovebox::sandbox
