// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/python_files.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "sim/vm/captured.h"

namespace glovebox::nitro {
namespace {

// Names the folders of the standard library, then what `import` finds elsewhere for the scripts.
constexpr std::string_view program_text = R"(
import ast, glob, os, sys, sysconfig
library = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
print(*library, sep="\n")
bases = [path for path in sys.path if os.path.isdir(path) and not path.startswith(tuple(library))]
def files(path):
    if os.path.isfile(path):
        return [path]
    return [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names
            if name.endswith(".py")]
def imported(file):
    try:
        tree = ast.parse(open(file, "rb").read())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
seen, todo = set(), sys.argv[1:]
while todo:
    for name in {name for file in files(todo.pop()) for name in imported(file)}:
        for base in bases:
            at = os.path.join(base, name)
            for found in [at, at + ".py", *glob.glob(glob.escape(at) + ".*.so")]:
                if os.path.exists(found) and found not in seen:
                    seen.add(found)
                    todo.append(found)
                    print(found)
)";

}  // namespace

bool is_python(const std::filesystem::path& program) {
    const std::string name = program.filename().string();
    constexpr std::string_view lead = "python";
    return name.starts_with(lead) &&
           std::all_of(name.begin() + lead.size(), name.end(),
                       [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

Result<std::vector<std::filesystem::path>> python_files(
    const std::filesystem::path& program, const std::vector<std::filesystem::path>& scripts) {
    std::vector<std::string> arguments{program.string(), "-I", "-c", std::string(program_text)};
    for (const auto& script : scripts)
        arguments.push_back(script.string());
    const auto output = vm::output_of(arguments);
    if (!output)
        return output.error();
    std::vector<std::filesystem::path> paths;
    std::istringstream lines(*output);
    for (std::string line; std::getline(lines, line);)
        paths.emplace_back(line);
    return paths;
}

}  // namespace glovebox::nitro
