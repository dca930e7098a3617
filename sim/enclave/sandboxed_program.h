// SPDX-License-Identifier: Apache-2.0

// A program that runs in a sandbox and under a filter: the two modules joined.
//
// The sandbox's hook installs the filter as the last thing before exec, and hands its listener out.
// PID 1 of the sandbox is not under the filter, so nothing that ends a sandbox ever waits for a
// supervisor.
#pragma once

#include <linux/filter.h>

#include <array>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/sandbox/sandbox.h"

namespace glovebox::enclave {

class SandboxedProgram {
  public:
    // Returns when the program has been executed: its first calls wait for a supervisor of the
    // listener. ENOENT, EACCES and their like when it can't be, other errors as Sandbox::start.
    [[nodiscard]] static Result<std::unique_ptr<SandboxedProgram>> start(
        const sandbox::SandboxPlan& plan, const std::vector<sock_filter>& filter,
        std::array<int, 3> standard_fds);

    [[nodiscard]] UniqueFd take_listener() { return sandbox_->take_hook_descriptor(); }
    // The child process whose end is the enclave's end.
    [[nodiscard]] pid_t init_process() const { return sandbox_->init_pid(); }
    // The program's own process, which may have ended.
    [[nodiscard]] pid_t program_process() const { return sandbox_->program_pid(); }
    // What this machine could not give; and of that, what was asked for.
    [[nodiscard]] const std::vector<std::string>& notes() const { return sandbox_->notes(); }
    [[nodiscard]] const std::vector<std::string>& shortfalls() const {
        return sandbox_->shortfalls();
    }

    // To the program alone, as a console's keys or kill(1) would.
    void send_signal(int number) const;
    // Everything inside ends at once, without a word.
    void power_off() { sandbox_->stop(); }
    // After init_process() has been reaped: the program's wait status, if it ended by itself.
    [[nodiscard]] std::optional<int> program_status() { return sandbox_->wait().program_status; }

  private:
    SandboxedProgram(std::unique_ptr<sandbox::Sandbox> sandbox, UniqueFd program)
        : sandbox_(std::move(sandbox)), program_(std::move(program)) {}

    std::unique_ptr<sandbox::Sandbox> sandbox_;
    UniqueFd program_;  // pidfd
};

}  // namespace glovebox::enclave
