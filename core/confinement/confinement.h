// SPDX-License-Identifier: Apache-2.0

// What a service gives up when it has all that it needs, so that an attacker who takes it over by
// the bytes that it reads has little: Landlock for files and connections, seccomp for system calls.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/log.h"

namespace glovebox::core {

// What the service keeps. Folders of the system can be read besides: the loader's, /etc, /proc,
// /run. Descriptors that are open stay as they are.
struct Needs {
    std::vector<std::string> readable{};  // files, or folders with all that is below
    std::vector<std::string> writable{};  // folders, where files can be made, removed and read too
    bool connects_by_tcp = false;
    // Also: forks. What it starts is confined as it is.
    bool starts_programs = false;
};

// For the rest of this process's life, and for all that it starts: other files can't be read or
// written, no device can be made, no program be started, no other process be looked into or sent a
// signal, no namespace be entered, no terminal be typed into, privileges are not gained by an
// execve, and the memory becomes no core file. A path that is missing is passed over. What the
// kernel, or the container around, does not have is left out; the log says at level debug what is
// in force. Called while this process has one thread: Landlock holds for the caller's alone, and
// for those that it starts.
//
// Sources: landlock(7), seccomp(2). Errors: errno's of Landlock.
[[nodiscard]] Result<void> confine(const Needs& needs, Log& log);

}  // namespace glovebox::core
