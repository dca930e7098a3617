// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/script_measure.h"

#include <filesystem>

#include "sim/sandbox/command_plan.h"

namespace glovebox::enclave {

namespace fs = std::filesystem;
ScriptMeasure ScriptMeasure::of(const std::string& path) {
    return of(path, sandbox::read_machine());
}

ScriptMeasure ScriptMeasure::of(const std::string& path, const sandbox::Machine& machine,
                                const std::string& root) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    const fs::path given = error ? fs::absolute(path).lexically_normal() : real;
    const bool is_folder = fs::is_directory(given, error);
    const fs::path folder = is_folder ? given : given.parent_path();
    const std::string inside =
        (fs::path("/") / folder.lexically_relative(root)).lexically_normal().string();
    const std::string seen = inside == "/." ? "/" : inside;
    const bool counts = !sandbox::is_common_folder(seen, machine);
    return {is_folder ? std::string() : given.string(), counts ? folder.string() : std::string()};
}

}  // namespace glovebox::enclave
