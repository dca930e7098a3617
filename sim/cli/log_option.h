// --log-level, --log-file and --log-json: where a subcommand says what it does.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "core/base/log.h"

namespace glovebox::cli {

struct LogOption {
    LogOptions options;  // what it is before add_to() is the default

    void add_to(CLI::App& app);

    // The log of `component`, "proxy". Throws ErrorException when its file can't be opened.
    [[nodiscard]] std::unique_ptr<Log> make(std::string component) const;
};

}  // namespace glovebox::cli
