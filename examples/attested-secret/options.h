// SPDX-License-Identifier: Apache-2.0

// The options of both programs of this example: their transport and their log.
#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "core/base/log.h"
#include "transports/transport_choice.h"

namespace glovebox::example {

struct CommonOptions {
    transports::TransportChoice transport;
    std::string log_file;

    void add_to(CLI::App& app);
    [[nodiscard]] std::unique_ptr<Log> make_log(std::string component) const;
};

}  // namespace glovebox::example
