// SPDX-License-Identifier: Apache-2.0

// The process between a supervisor and the tree that it supervises: it ends the tree when the
// supervisor has ended, whatever ended that one.
//
//   supervisor ── keeper ── program ── its children, in whatever session or process group
//
// Without a supervisor the calls of what is left would fail with ENOSYS. A signal at the parent's
// death reaches children alone, so the keeper adopts orphans, and all descendants are its children
// in the end. It is in a session of its own: whoever kills the supervisor's process group leaves it
// to do its work, and the kernel does not take the program for a job whose shell has ended. If the
// program ended while a process of its group was stopped, the kernel would send SIGHUP to the whole
// group, the caller included (setpgid(2), "orphaned process group").
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

class Keeper {
  public:
    // Forks the keeper, and the keeper the program: `run` is called in it, must not return, and
    // must not do anything but system calls before it executes. `name` is for errors.
    template <class Run>
    [[nodiscard]] static Result<Keeper> start(const std::string& name, const Run& run) {
        UniqueFd theirs;
        auto keeper = make(name, theirs);
        if (!keeper)
            return keeper;
        keeper->process_ = ::fork();
        if (keeper->process_ == 0) {
            keeper->channel_.reset();
            const pid_t program = fork_program(theirs.get());
            if (program == 0)
                run();
            keep(theirs.get(), program);
        }
        theirs.reset();
        if (const auto begun = keeper->begin(name); !begun)
            return begun.error();
        return keeper;
    }

    // The keeper is a child of the calling process, which waits for it when the program has ended
    // or could not be executed.
    [[nodiscard]] pid_t process() const { return process_; }
    [[nodiscard]] pid_t program() const { return program_; }
    // Readable when the program has ended, or the keeper; -1 once the keeper's end has been read.
    [[nodiscard]] int fd() const { return channel_.get(); }
    // Waits for the end of the keeper, which is behind that of the program and all it started.
    void wait() const;
    // The program's wait status (waitpid(2)), once. It is known before the program's ID can be
    // another process's. Of a program that stays after its keeper it never comes.
    [[nodiscard]] std::optional<int> take_wait_status();

  private:
    [[nodiscard]] static Result<Keeper> make(const std::string& name, UniqueFd& theirs);
    [[nodiscard]] Result<void> begin(const std::string& name);
    // In the keeper: system calls alone.
    [[nodiscard]] static pid_t fork_program(int channel) noexcept;
    [[noreturn]] static void keep(int channel, pid_t program) noexcept;

    pid_t process_ = 0;
    pid_t program_ = 0;
    UniqueFd channel_;
};

}  // namespace glovebox::supervisor
