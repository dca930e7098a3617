// SPDX-License-Identifier: Apache-2.0

// Which of a command's arguments is the script that its interpreter runs: "server.py" of
// "python3 -u server.py 5005".
//
// Known are the interpreters that people run by name (python, node, ruby, perl, php, lua, Java, the
// shells, ...), with a version behind the name or without: python3.11. Options before the script
// are passed over with their values, since none but the script is a file: the first argument that
// names a file is the script. What carries its program in an option (-c, -e, -m) has no script.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace glovebox::sandbox {

struct ScriptArgument {
    std::string path;        // as the command names it; empty with is_module
    bool is_module = false;  // python3 -m NAME: what is in the working directory runs
};

// `is_file` says whether the path, from the working directory, is a regular file.
[[nodiscard]] std::optional<ScriptArgument> find_script(
    const std::vector<std::string>& arguments,
    const std::function<bool(const std::string&)>& is_file);

}  // namespace glovebox::sandbox
