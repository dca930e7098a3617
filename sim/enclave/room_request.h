// SPDX-License-Identifier: Apache-2.0

// The isolation that a user requests for an enclave's program, and the sandbox for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/enclave/command_program.h"
#include "sim/sandbox/command_plan.h"
#include "sim/sandbox/machine.h"
#include "sim/sandbox/root_fs_plan.h"

namespace glovebox::enclave {

struct RoomSettings {
    std::string isolation{};  // "sandbox", "none", or empty: a sandbox if the machine allows one
    std::string root_fs{};
    std::vector<std::string> mounts{};
    std::vector<std::string> environment{};  // "NAME=value"; "NAME": the caller's value
    std::optional<unsigned> memory_mib{};
    std::optional<unsigned> cpu_count{};
    // Words before a command's own, by which another program starts it: the file of the first one,
    // an absolute path, is shown to the enclave. The command is measured without them.
    std::vector<std::string> launcher{};

    [[nodiscard]] bool is_none() const { return isolation == "none"; }
    // A sandbox is preferred and not required.
    [[nodiscard]] bool is_a_wish() const { return isolation.empty() && root_fs.empty(); }
    // `environment` as "NAME=value"; the last entry of a name counts, as with env(1). The error
    // names the entry.
    [[nodiscard]] Result<std::vector<std::string>> variables() const;
};

// The sandbox of one command, with the facts about this machine that it depends on.
class RoomRequest {
  public:
    // `console_path` is the host's name of its console, `hidden_folders` are folders that no
    // enclave may see, `authority` is the world's, if it has one. The error is bad_request.
    [[nodiscard]] static Result<RoomRequest> make(
        const RoomSettings& settings, std::vector<std::string> arguments,
        std::vector<std::string> hidden_folders, std::string console_path,
        std::optional<sandbox::TrustedAuthority> authority);

    [[nodiscard]] Result<sandbox::SandboxPlan> plan() const;
    // The files that determine PCR0 to PCR2, by the host's names. Empty if the enclave sees no such
    // program.
    [[nodiscard]] MeasuredCommand measured() const;
    // The reason why the enclave does not find a program that the host or the image has; otherwise
    // empty.
    [[nodiscard]] std::string explain_missing_program() const;

  private:
    [[nodiscard]] std::string find(const std::string& program) const;

    sandbox::Machine machine_;
    std::vector<std::string> notes_;
    sandbox::CommandRequest command_;
    std::vector<std::string> launcher_;
    std::optional<sandbox::RootFsRequest> root_fs_;
};

}  // namespace glovebox::enclave
