// SPDX-License-Identifier: Apache-2.0

// The life of a subcommand that serves: until SIGTERM or SIGINT.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>

#include "core/base/log.h"

namespace glovebox::core {

// Runs `serve` on the context. SIGTERM or SIGINT calls `stop`, each time one comes; returns when
// `serve` has ended.
void run_until_signal(boost::asio::io_context& context, Log& log,
                      boost::asio::awaitable<void> serve, const std::function<void()>& stop);

}  // namespace glovebox::core
