// A cgroup (v2) that holds one enclave's memory, where this process may make one.
//
// Needed are the memory controller and a parent cgroup of ours that we may write to: root has one,
// an ordinary user where systemd delegated his (programs of a desktop session or of `systemd-run
// --user`, not of a plain ssh login). Elsewhere memory is held a process at a time with
// RLIMIT_DATA.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

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

// What MemoryCgroup::make names a cgroup of this process's.
[[nodiscard]] std::string make_cgroup_name();

// Removes, below `parent`, the cgroups of processes that have ended without doing so; their paths.
// Without `parent`, where this machine lets us make some.
std::vector<std::string> remove_abandoned_cgroups(const std::string& parent);
std::vector<std::string> remove_abandoned_cgroups();

class MemoryCgroup {
  public:
    // Makes `parent`/`name` with memory.max, and no swap.
    [[nodiscard]] static Result<std::unique_ptr<MemoryCgroup>> make(const std::string& parent,
                                                                    const std::string& name,
                                                                    std::uint64_t bytes);
    // Removes it; everything in it must have ended.
    ~MemoryCgroup();
    MemoryCgroup(const MemoryCgroup&) = delete;
    MemoryCgroup& operator=(const MemoryCgroup&) = delete;

    [[nodiscard]] Result<void> add(pid_t pid);
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    explicit MemoryCgroup(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace glovebox::sandbox
