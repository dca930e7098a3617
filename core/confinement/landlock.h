// SPDX-License-Identifier: Apache-2.0

// Landlock's rules, by the numbers of <linux/landlock.h>, of which a system's own header may lack
// the later ones.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::core {

// A set of rules, and its end: this thread and those that it starts are held by it.
class Landlock {
  public:
    // Of a file or a folder with all below.
    static constexpr std::uint64_t execute = 1 << 0;
    static constexpr std::uint64_t read = (1 << 2) | (1 << 3);  // files; folders' entries
    // WRITE_FILE, REMOVE_*, MAKE_DIR, _REG, _SOCK, _FIFO and _SYM, REFER and TRUNCATE.
    static constexpr std::uint64_t write = (1 << 1) | (1 << 4) | (1 << 5) | (1 << 7) | (1 << 8) |
                                           (1 << 9) | (1 << 10) | (1 << 12) | (1 << 13) | (1 << 14);
    // Character and block devices: nowhere.
    static constexpr std::uint64_t make_devices = (1 << 6) | (1 << 11);

    // The version of the kernel's interface, from 1; 0 if the kernel lacks Landlock or a container
    // forbids it.
    [[nodiscard]] static int version();

    // `files` are the accesses that need a rule from now on, as far as the version has them.
    [[nodiscard]] static Result<Landlock> make(int version, std::uint64_t files,
                                               bool connects_by_tcp);
    // A path that is missing, or that this process may not look at, is passed over.
    [[nodiscard]] Result<void> allow(const std::string& path, std::uint64_t accesses);
    // The process has the attribute no_new_privs.
    [[nodiscard]] Result<void> restrict_this_thread();

  private:
    Landlock(UniqueFd rules, std::uint64_t files) : rules_(std::move(rules)), files_(files) {}

    UniqueFd rules_;
    std::uint64_t files_;
};

}  // namespace glovebox::core
