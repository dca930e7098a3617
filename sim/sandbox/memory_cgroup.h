// SPDX-License-Identifier: Apache-2.0

// A cgroup (v2) that limits the memory of one enclave, if this process may make one.
//
// It needs the memory controller and a parent cgroup that this process may write to. Root has one.
// An ordinary user has one if systemd delegated it: in a desktop session or under `systemd-run
// --user`, but not in a plain ssh login. Without it, memory is limited for each process by itself,
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

// The cgroup in the text of /proc/PID/cgroup: "/user.slice/x.scope" from the line
// "0::/user.slice/x.scope"; empty without such a line.
[[nodiscard]] std::string parse_own_cgroup(std::string_view proc_cgroup);

// The deepest cgroup at or above `own`, in the hierarchy at `mount`, that passes the memory
// controller on to its children, and in which this process may make children and move processes. An
// absolute path; empty if there is none.
[[nodiscard]] std::optional<std::string> find_cgroup_parent(const std::string& mount,
                                                            const std::string& own);

// The same for this machine and this process.
[[nodiscard]] std::optional<std::string> find_cgroup_parent();

class MemoryCgroup {
  public:
    // Makes a cgroup below `parent`, named "glovebox-<this process>-...", with memory.max of
    // `bytes` and without swap. The destructor removes it; everything in it has ended by then.
    [[nodiscard]] static Result<std::unique_ptr<MemoryCgroup>> make(const std::string& parent,
                                                                    std::uint64_t bytes);

    // Moves a process into it; its later children are in it too.
    [[nodiscard]] Result<void> add(pid_t pid);
    [[nodiscard]] const std::string& path() const { return scratch_.path().native(); }

  private:
    explicit MemoryCgroup(Scratch scratch) : scratch_(std::move(scratch)) {}
    Scratch scratch_;
};

}  // namespace glovebox::sandbox
