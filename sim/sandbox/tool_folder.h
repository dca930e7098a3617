// SPDX-License-Identifier: Apache-2.0

// Finds the folders that a user's own program needs to run: a program of a virtual environment, of
// a version manager (pyenv, nvm, asdf, rustup, uv, ...), or in a bin folder of the home folder.
//
// Such a program is a file or a symbolic link in PREFIX/bin (or sbin, shims), and finds its library
// beside it, in PREFIX/lib. So it needs PREFIX, and the same for each name that its links lead
// through:
//
//   ~/app/.venv/bin/python3 -> python3.12 -> ~/.local/share/uv/python/cpython-3.12/bin/python3.12
//   ~/app/.venv                              ~/.local/share/uv/python/cpython-3.12
//
// If PREFIX holds more than programs (the home folder, ~/.local, ~/.cargo with its credentials,
// /tmp), only bin, lib, lib64 and libexec are needed.
#pragma once

#include <string>
#include <vector>

#include "sim/sandbox/machine.h"

namespace glovebox::sandbox {

// The names that lead to an executable file: `path` itself, then the target of each link. Absolute,
// normal, each once. `path` is absolute.
[[nodiscard]] std::vector<std::string> links_of(const std::string& path);

// The folders for one of these names; empty if it is not in a bin folder. Includes those of the
// Python that a virtual environment is based on (pyvenv.cfg). `homes` are the caller's home
// folders.
[[nodiscard]] std::vector<std::string> tool_folders_of(const std::string& path,
                                                       const std::vector<std::string>& homes);

}  // namespace glovebox::sandbox
