// SPDX-License-Identifier: Apache-2.0

#include "examples/attested-secret/options.h"

#include <CLI/CLI.hpp>

namespace glovebox::example {

void CommonOptions::add_to(CLI::App& app) {
    app.add_option("--world", transport.world,
                   "The world of the simulation: a name, or a directory with a '/'");
    app.add_option("--cid", transport.cid, "This side's CID in the simulation");
    app.add_option("--transport", transport.transport, std::string(transports::transport_help()));
    app.add_option("--log-file", log_file, "Append the log to FILE in place of stderr");
}

std::unique_ptr<Log> CommonOptions::make_log(std::string component) const {
    return glovebox::make_log({.component = std::move(component),
                               .level = LogLevel::info,
                               .file = log_file,
                               .json = false});
}

}  // namespace glovebox::example
