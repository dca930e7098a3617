// SPDX-License-Identifier: Apache-2.0

// Where what outlives a process is kept: keys, the secret that the metadata service and the KMS
// share, traces.
#pragma once

#include <string>

#include "core/base/error.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

// --state DIR. [$XDG_DATA_HOME/glovebox/kms or ~/.local/share/glovebox/kms]
struct StateDirectory {
    [[nodiscard]] static Option option();
    [[nodiscard]] static StateDirectory of(const Values& values);
    // Made, 0700, where it is absent. The error names it.
    [[nodiscard]] Result<std::string> open() const;

    std::string path;
};

// Where `glovebox up` leaves the trace of its KMS, for `glovebox kms explain` after the world is
// gone. The file need not exist.
[[nodiscard]] Result<std::string> last_world_trace();

}  // namespace glovebox::cli
