// SPDX-License-Identifier: Apache-2.0

// The facts about a machine that a plan depends on, read once and passed on as a value. So tests
// can make plans for machines that nobody has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sandbox/id_mapping.h"
#include "sim/sandbox/trust.h"

namespace glovebox::sandbox {

// A name in "/": a directory, or a symlink with its target ("usr/bin").
struct TopLevelEntry {
    std::string name;
    std::string link_text;  // empty for a directory
};

struct Machine {
    IdFacts ids;
    std::vector<TopLevelEntry> top_level;   // directories and symlinks of "/", sorted by name
    std::vector<std::string> mount_points;  // of the caller's mount namespace
    std::vector<std::string> devices;       // names in /dev that a sandbox may show: "net/tun"
    std::vector<std::string> proc_entries;  // files and folders of /proc, without the processes
    std::string rng_current_path;    // the file of sysfs with the hwrng's name; empty without one
    std::vector<std::string> homes;  // the caller's home folders: $HOME, passwd's, sudo's
    TrustPlaces trust;               // of the host's own root
    std::vector<int> cpus;           // numbers of the CPUs that the caller may run on
    // What read_cpus adds, for an enclave with fewer: /proc/cpuinfo, and the names in
    // /sys/devices/system/cpu.
    std::string cpuinfo;
    std::vector<std::string> cpu_folders;
    std::vector<std::string> cpu_files;

    // Whether there is a mount below the folder. Then the folder cannot be the lower folder of an
    // overlay: in a user namespace such mounts are locked, and the kernel answers EINVAL.
    [[nodiscard]] bool has_mounts_below(std::string_view folder) const;
    [[nodiscard]] bool is_root() const { return ids.uid == 0; }
};

// Never fails: a fact that cannot be read is absent. `home` and `sudo_uid` are the environment's
// HOME and SUDO_UID.
[[nodiscard]] Machine read_machine(std::string_view home, std::string_view sudo_uid);

// Adds the facts about CPUs that only an enclave with a number of them needs.
void read_cpus(Machine& machine);

// The same with this process's own environment.
[[nodiscard]] Machine read_machine();

// The mount points in the text of /proc/PID/mountinfo, with the octal escapes undone.
[[nodiscard]] std::vector<std::string> parse_mount_points(std::string_view mountinfo);

}  // namespace glovebox::sandbox
