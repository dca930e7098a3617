// SPDX-License-Identifier: Apache-2.0

// Finds the argument of a command that is the script for its interpreter: "server.py" in "python3
// -u server.py 5005".
//
// It knows the interpreters that people run by name (python, node, ruby, perl, php, lua, Java, the
// shells, ...), with or without a version: python3.11. Options before the script are skipped with
// their values, because only the script is a file: the first argument that names a file is the
// script. A command that has its program in an option (-c, -e) has no script.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace glovebox::sandbox {

struct ScriptArgument {
    std::string path;        // as the command names it; empty for a module
    bool is_module = false;  // python3 -m NAME: a module of the working directory runs
};

// Empty if the command has no script. `is_file` returns whether a path, relative to the working
// directory, is a regular file.
[[nodiscard]] std::optional<ScriptArgument> find_script(
    const std::vector<std::string>& arguments,
    const std::function<bool(const std::string&)>& is_file);

}  // namespace glovebox::sandbox
