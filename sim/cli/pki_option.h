// --pki: whose mock root it is.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "core/base/error.h"

namespace glovebox::cli {

struct PkiOption {
    CLI::Option* add_to(CLI::App& app);
    [[nodiscard]] Result<std::string> directory() const;

    std::string path;
};

}  // namespace glovebox::cli
