// SPDX-License-Identifier: Apache-2.0

// What nitro-cli build-enclave makes of a container image, and what the init of AWS does with it at
// boot, both of which happen there without a word. The builder's part is done to the tree, so that
// a program meets the same files here and on Nitro; of both parts each loss is said.
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

// The builder's part:
//  - /.dockerenv, /Dockerfile, /dev/console and /etc/hostname are left out;
//  - /etc/hosts becomes a list of localhost, /etc/resolv.conf a link to /run/resolvconf/resolv.conf
//    (which dangles), /etc/mtab, if there is none, one to /proc/mounts;
//  - /dev, /dev/pts, /dev/shm, /etc, /proc and /sys are added if absent;
//  - /dev, /run, /sys, /var, /proc and /tmp become directories of root's, 0755;
//  - hard links become relative symbolic links, file capabilities are lost.
[[nodiscard]] Result<void> apply_builder_rules(FileTree& root, Warnings& warnings);

// What the image runs. CMD if it is set, else ENTRYPOINT; never both.
[[nodiscard]] Result<std::vector<std::string>> command_of(const ContainerConfig& config,
                                                          Warnings& warnings);

// The file form of a command or an environment: one item a line. NUL is an error.
[[nodiscard]] Result<std::string> lines_of(const std::vector<std::string>& items,
                                           std::string_view what, Warnings& warnings);

// Init's part: whether it will find the program, and which files of the image its mounts hide.
void warn_of_init(const FileTree& root, const std::vector<std::string>& command,
                  const std::vector<std::string>& environment, Architecture architecture,
                  Warnings& warnings);

// Python's compiled files carry the time of their source; with other times in the image they are
// compiled anew at each start.
void warn_of_python_times(const FileTree& root, std::int64_t mtime, Warnings& warnings);

}  // namespace glovebox::eif
