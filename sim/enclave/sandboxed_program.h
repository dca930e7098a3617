// SPDX-License-Identifier: Apache-2.0

// A program that runs in a sandbox and under a filter: it joins sim/sandbox and sim/supervisor.
//
// The sandbox's hook installs the filter as the last step before exec, and passes its listener out.
// PID 1 of the sandbox is not under the filter, so ending a sandbox never waits for a supervisor.
#pragma once

#include <linux/filter.h>

#include <array>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/sandbox/sandbox.h"
#include "sim/supervisor/init_mounts.h"

namespace glovebox::enclave {

class SandboxedProgram {
  public:
    // Returns when the program has been executed; its first calls then wait for a supervisor of the
    // listener. If the program cannot be executed, the error is execve's (ENOENT, EACCES, ...);
    // other errors are those of Sandbox::start.
    [[nodiscard]] static Result<std::unique_ptr<SandboxedProgram>> start(
        const sandbox::SandboxPlan& plan, const std::vector<sock_filter>& filter,
        std::array<int, 3> standard_fds);

    [[nodiscard]] UniqueFd take_listener() { return sandbox_->take_hook_descriptor(); }
    // The child process whose end is the enclave's end.
    [[nodiscard]] pid_t init_process() const { return sandbox_->init_pid(); }
    // The program's own process, which may have ended.
    [[nodiscard]] pid_t program_process() const { return sandbox_->program_pid(); }
    // What this machine cannot provide, and the part of it that was asked for.
    [[nodiscard]] const std::vector<std::string>& notes() const { return sandbox_->notes(); }
    [[nodiscard]] const std::vector<std::string>& shortfalls() const {
        return sandbox_->shortfalls();
    }

    // Sends a signal to the program only, as a console's keys or kill(1) do.
    void send_signal(int number) const;
    // Shows the sandbox's /dev, /proc or /sys at `target` too (supervisor/init_mounts.h). Returns 0
    // or an errno. May be called from several threads.
    [[nodiscard]] int attach(supervisor::InitMounts::Kind kind, int target) const;
    // Ends everything inside at once.
    void power_off() { sandbox_->stop(); }
    // The program's wait status, if it ended by itself. Waits for the end of the sandbox.
    [[nodiscard]] std::optional<int> program_status() { return sandbox_->wait().program_status; }

  private:
    SandboxedProgram(std::unique_ptr<sandbox::Sandbox> sandbox, UniqueFd program, bool is_init);

    std::unique_ptr<sandbox::Sandbox> sandbox_;
    UniqueFd program_;                // pidfd
    std::array<UniqueFd, 3> mounts_;  // an init's /dev, /proc and /sys, in the order of Kind
};

}  // namespace glovebox::enclave
