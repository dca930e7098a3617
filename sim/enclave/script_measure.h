// SPDX-License-Identifier: Apache-2.0

// The part of a script that is measured: the script, and its folder with everything below, if the
// folder is the script's own. A folder that holds other things too (/, a home folder, /tmp, a
// system folder) is not measured; then it is the script alone.
#pragma once

#include <string>

#include "sim/sandbox/machine.h"

namespace glovebox::enclave {

struct ScriptMeasure {
    // `path` is a script, or a folder to be measured without one. `root` is the root file system
    // that contains the path.
    [[nodiscard]] static ScriptMeasure of(const std::string& path);
    [[nodiscard]] static ScriptMeasure of(const std::string& path, const sandbox::Machine& machine,
                                          const std::string& root = "/");

    std::string script;  // empty for a folder
    std::string folder;  // empty if only the script is measured
};

}  // namespace glovebox::enclave
