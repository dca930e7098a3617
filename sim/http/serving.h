// SPDX-License-Identifier: Apache-2.0

// The main loop of a subcommand whose servers run on an io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "core/base/log.h"

namespace glovebox::http {

// From when it is made, SIGTERM and SIGINT end the service in order and not the process. Make it
// before the service announces itself: whoever reads that may stop it at once.
class Serving {
  public:
    // Both outlive it.
    Serving(boost::asio::io_context& context, Log& log);
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    // Runs the context on `threads` threads, the calling one included, until a signal has come.
    // Returns when all threads have ended. Goes on with fewer where the machine gives no more.
    void run(unsigned threads);

  private:
    boost::asio::io_context& context_;
    Log& log_;
    boost::asio::signal_set signals_;
};

}  // namespace glovebox::http
