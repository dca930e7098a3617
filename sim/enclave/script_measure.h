// SPDX-License-Identifier: Apache-2.0

// What counts for the measurement of a script: itself, and the folder that it lies in with all that
// is below it, where that folder is the script's own. A folder that holds other things too (/, a
// home folder, /tmp, the system's) doesn't count: the script does alone.
#pragma once

#include <string>

#include "sim/sandbox/machine.h"

namespace glovebox::enclave {

struct ScriptMeasure {
    // `path` is a script, or a folder that counts without one. `root` is the root file system in
    // which the path lies.
    [[nodiscard]] static ScriptMeasure of(const std::string& path);
    [[nodiscard]] static ScriptMeasure of(const std::string& path, const sandbox::Machine& machine,
                                          const std::string& root = "/");

    std::string script;  // empty for a folder
    std::string folder;  // empty where the script counts alone
};

}  // namespace glovebox::enclave
