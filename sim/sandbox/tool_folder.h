// SPDX-License-Identifier: Apache-2.0

// The folders that a program of the user's own needs to run: of a virtual environment, a version
// manager (pyenv, nvm, asdf, rustup, uv, ...), or a bin folder in the home folder.
//
// Such a program is a file or a symbolic link in PREFIX/bin (or sbin, shims), and finds its library
// beside it: PREFIX/lib. So PREFIX is what it needs, and what its links lead through:
//
//   ~/app/.venv/bin/python3 -> python3.12 -> ~/.local/share/uv/python/cpython-3.12/bin/python3.12
//   ~/app/.venv                              ~/.local/share/uv/python/cpython-3.12
//
// Of a PREFIX that holds more than programs (the home folder, ~/.local, ~/.cargo with its
// credentials, /tmp), only bin, lib, lib64 and libexec are needed.
#pragma once

#include <string>
#include <vector>

#include "sim/sandbox/machine.h"

namespace glovebox::sandbox {

// The names that lead to an executable file, first the given one, then what each link stands for;
// absolute, normal, each once. `path` is absolute.
[[nodiscard]] std::vector<std::string> links_of(const std::string& path);

// The folders for one of these names; empty where it lies in no bin folder. A virtual environment's
// own base (pyvenv.cfg) is among them.
[[nodiscard]] std::vector<std::string> tool_folders_of(const std::string& path,
                                                       const std::vector<std::string>& homes);

}  // namespace glovebox::sandbox
