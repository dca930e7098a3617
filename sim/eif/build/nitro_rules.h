// SPDX-License-Identifier: Apache-2.0

// What nitro-cli build-enclave does to a container image, and what AWS's init does to it at boot.
// Both lose files and settings silently. Here the builder's changes are applied to the tree, so
// that a program meets the same files as on Nitro, and `warnings` receives a sentence for each loss
// of either.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/archive/container_config.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

using Warnings = std::vector<std::string>;

// Applies the builder's changes, and warns of each loss, also of files that init's mounts will
// hide:
//  - /.dockerenv, /Dockerfile, /dev/console and /etc/hostname are left out;
//  - /etc/hosts becomes a list of localhost, /etc/resolv.conf a link to /run/resolvconf/resolv.conf
//    (which dangles), and a missing /etc/mtab a link to /proc/mounts;
//  - /dev, /dev/pts, /dev/shm, /etc, /proc and /sys are added if absent;
//  - /dev, /run, /sys, /var, /proc and /tmp become directories of root, mode 0755;
//  - hard links become relative symbolic links, and file capabilities are lost.
[[nodiscard]] Result<void> apply_builder_rules(FileTree& root, Warnings& warnings);

// The command that the builder takes from an image: CMD if it is set, otherwise ENTRYPOINT, never
// both. An error if neither is set.
[[nodiscard]] Result<std::vector<std::string>> command_of(const ContainerConfig& config,
                                                          Warnings& warnings);

// A command or an environment as the file that init reads: one item a line. `what` names it in
// messages. A NUL in an item is an error; a newline is a warning.
[[nodiscard]] Result<std::string> lines_of(const std::vector<std::string>& items,
                                           std::string_view what, Warnings& warnings);

// Why init will not find the program in the image or cannot run it: a search path that init does
// not use, a missing execute permission, another architecture, a missing interpreter. Empty if the
// program starts.
[[nodiscard]] Warnings start_problems(const FileTree& root, const std::vector<std::string>& command,
                                      const std::vector<std::string>& environment,
                                      Architecture architecture);

// Warns of a command and an environment that init takes in another way than a container's.
void warn_of_init(const std::vector<std::string>& command,
                  const std::vector<std::string>& environment, Warnings& warnings);

// Warns of Python's compiled files: each holds the time of its source, so with other times in the
// image Python compiles them anew at each start.
void warn_of_python_times(const FileTree& root, std::int64_t mtime, Warnings& warnings);

}  // namespace glovebox::eif
