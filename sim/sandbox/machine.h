// SPDX-License-Identifier: Apache-2.0

// What a plan depends on of the machine it is made for, read once and passed on as a value, so that
// plans are tested in tables for machines that nobody has at hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sandbox/id_mapping.h"
#include "sim/sandbox/trust.h"

namespace glovebox::sandbox {

// A name in "/": a directory, or a symlink with its text ("usr/bin").
struct TopLevelEntry {
    std::string name;
    std::string link_text;  // empty for a directory
};

struct Machine {
    IdFacts ids;
    std::vector<TopLevelEntry> top_level;   // directories and symlinks of "/", sorted by name
    std::vector<std::string> mount_points;  // of the caller's mount namespace
    std::vector<std::string> devices;       // of those in /dev that a sandbox may show: "net/tun"
    std::vector<std::string> proc_entries;  // files and folders of /proc but the processes'
    std::string rng_current_path;  // where sysfs has the hwrng's name; empty without a hwrng class
    std::vector<std::string> homes;  // the caller's home folders: $HOME, passwd's, sudo's
    TrustPlaces trust;               // of the host's own root
    std::vector<int> cpus;           // that the caller may run on

    // A mount lies somewhere below the folder: then an overlay can't have it as its lower folder
    // (in a user namespace such mounts are locked, and the kernel says EINVAL).
    [[nodiscard]] bool has_mounts_below(std::string_view folder) const;
    [[nodiscard]] bool is_root() const { return ids.uid == 0; }
};

// Never fails: what can't be read is absent. `home` and `sudo_uid` are the environment's HOME and
// SUDO_UID.
[[nodiscard]] Machine read_machine(std::string_view home, std::string_view sudo_uid);

// With the caller's own.
[[nodiscard]] Machine read_machine();

// The mount points of /proc/PID/mountinfo's text, with its octal escapes undone.
[[nodiscard]] std::vector<std::string> parse_mount_points(std::string_view mountinfo);

}  // namespace glovebox::sandbox
