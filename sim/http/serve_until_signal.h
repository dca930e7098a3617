// SPDX-License-Identifier: Apache-2.0

// The life of a subcommand whose servers run by themselves on an io_context.
#pragma once

#include <boost/asio/io_context.hpp>

#include "core/base/log.h"

namespace glovebox::http {

// Runs the context on `threads` threads until SIGTERM or SIGINT, which stops it.
void serve_until_signal(boost::asio::io_context& context, Log& log, unsigned threads);

}  // namespace glovebox::http
