// SPDX-License-Identifier: Apache-2.0

// The life of a subcommand that serves one command: `glovebox forward ... -- COMMAND`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/service/process_setup.h"

namespace glovebox::core {

// Starts the command, which finds everything listening, and runs `serve` on the context until the
// command has ended; then calls `stop` and returns when `serve` has ended. The command's exit
// status, or 128 and the signal that killed it; 127 when its program is missing and 126 when it
// can't be executed, which the log says.
//
// The command gets the limit on descriptors from before this process raised it. Signals that would
// end this process are passed on to the command; one that the terminal sends has
// reached it already.
[[nodiscard]] int serve_around(const std::vector<std::string>& command,
                               const DescriptorLimit& limit, boost::asio::io_context& context,
                               Log& log, boost::asio::awaitable<void> serve,
                               const std::function<void()>& stop);

}  // namespace glovebox::core
