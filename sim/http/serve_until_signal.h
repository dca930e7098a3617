// SPDX-License-Identifier: Apache-2.0

// The main loop of a subcommand whose servers run on an io_context.
#pragma once

#include <boost/asio/io_context.hpp>

#include "core/base/log.h"

namespace glovebox::http {

// Runs the context on `threads` threads, the calling one included, until SIGTERM or SIGINT stops
// it. Returns when all threads have ended.
void serve_until_signal(boost::asio::io_context& context, Log& log, unsigned threads);

}  // namespace glovebox::http
