// SPDX-License-Identifier: Apache-2.0

// Where this user's commands find each other: the folder of the user's worlds and of the records of
// what commands keep outside them.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

namespace glovebox {

// <directory>/glovebox for the first of the run directories (each may be null) that is a directory
// of this user's own, which XDG_RUNTIME_DIR is not under sudo -E; else /tmp/glovebox-$UID. The
// folder may be missing.
[[nodiscard]] std::string run_folder(std::initializer_list<const char*> run_directories);

// The same for XDG_RUNTIME_DIR and /run/user/$UID, which that is where a login has set it: a
// command of cron, su or a container's exec finds the worlds of the user's terminals.
[[nodiscard]] std::string run_folder();

// All of these that may have worlds of this user: of run_folder() and, where that is another one,
// /tmp/glovebox-$UID, whose commands found no run directory.
[[nodiscard]] std::vector<std::string> run_folders();

}  // namespace glovebox
