// SPDX-License-Identifier: Apache-2.0

// A cgroup (v2) that holds one enclave's memory, where this process may make one.
//
// It takes the memory controller and a parent cgroup that this process may write to. Root has one;
// an ordinary user has one if systemd delegated it (programs of a desktop session or of
// `systemd-run --user`, not of a plain ssh login). Elsewhere memory is held a process at a time
// with RLIMIT_DATA.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/scratch.h"

namespace glovebox::sandbox {

// "/user.slice/x.scope" of the line "0::/user.slice/x.scope" in /proc/PID/cgroup; empty without
// one.
[[nodiscard]] std::string parse_own_cgroup(std::string_view proc_cgroup);

// The deepest cgroup at or above `own` in the hierarchy at `mount` that hands the memory controller
// to its children and that this process may make children in and move itself out of. Absolute.
[[nodiscard]] std::optional<std::string> find_cgroup_parent(const std::string& mount,
                                                            const std::string& own);

// The same, asked of this machine.
[[nodiscard]] std::optional<std::string> find_cgroup_parent();

class MemoryCgroup {
  public:
    // Makes one below `parent`, whose name begins with "glovebox-<this process>-", with memory.max
    // and no swap. It goes with the object; everything in it must have ended then.
    [[nodiscard]] static Result<std::unique_ptr<MemoryCgroup>> make(const std::string& parent,
                                                                    std::uint64_t bytes);

    [[nodiscard]] Result<void> add(pid_t pid);
    [[nodiscard]] const std::string& path() const { return scratch_.path().native(); }

  private:
    explicit MemoryCgroup(Scratch scratch) : scratch_(std::move(scratch)) {}
    Scratch scratch_;
};

}  // namespace glovebox::sandbox
