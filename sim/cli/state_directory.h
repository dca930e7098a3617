// Where what outlives a process is kept: keys, the secret that the metadata service and the KMS
// share, traces.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "core/base/error.h"

namespace glovebox::cli {

// --state DIR. [$XDG_DATA_HOME/glovebox/kms or ~/.local/share/glovebox/kms]
struct StateDirectory {
    void add_to(CLI::App& app);
    // Made, 0700, where it is absent. The error names it.
    [[nodiscard]] Result<std::string> open() const;

    std::string path;
};

}  // namespace glovebox::cli
