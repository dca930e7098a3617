// SPDX-License-Identifier: Apache-2.0

// How an enclave's program is to be kept apart from this machine, as a person says it, and the
// sandbox that comes of it.
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
    std::string isolation{};  // "sandbox", "none", or empty: sandbox where the machine allows it
    std::string root_fs{};
    std::vector<std::string> mounts{};
    std::vector<std::string> environment{};  // "NAME=value"; "NAME" takes the caller's value
    std::optional<unsigned> memory_mib{};
    std::optional<unsigned> cpu_count{};

    [[nodiscard]] bool is_none() const { return isolation == "none"; }
    [[nodiscard]] bool is_a_wish() const { return isolation.empty() && root_fs.empty(); }
    // "NAME=value" each; errors name the entry.
    [[nodiscard]] Result<std::vector<std::string>> variables() const;
};

// The sandbox of one command, with what depends on this machine read once.
class RoomRequest {
  public:
    // `console_path` is its pseudo-terminal; `hidden_folders` are what no enclave may see;
    // `authority` is the world's, if it has one.
    [[nodiscard]] static Result<RoomRequest> make(
        const RoomSettings& settings, std::vector<std::string> arguments,
        std::vector<std::string> hidden_folders, std::string console_path,
        std::optional<sandbox::TrustedAuthority> authority);

    [[nodiscard]] Result<sandbox::SandboxPlan> plan() const;
    // The files that PCR0 to PCR2 are made from, by the host's names: the program or, for a script,
    // its interpreter beside it. Empty when there is no program to be seen.
    [[nodiscard]] MeasuredCommand measured() const;
    // Why the host or the image has the program and the enclave doesn't find it; or empty.
    [[nodiscard]] std::string explain_missing_program() const;

  private:
    [[nodiscard]] std::string find(const std::string& program) const;

    sandbox::Machine machine_;
    std::vector<std::string> notes_;
    sandbox::CommandRequest command_;
    std::optional<sandbox::RootFsRequest> root_fs_;
};

}  // namespace glovebox::enclave
