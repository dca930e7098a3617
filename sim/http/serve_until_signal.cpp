// SPDX-License-Identifier: Apache-2.0

#include "sim/http/serve_until_signal.h"

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

namespace glovebox::http {

void serve_until_signal(boost::asio::io_context& context, Log& log, unsigned threads) {
    boost::asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code& failure, int signal) {
        if (failure)
            return;
        log.info("stopping", "stopping: SIG{} came", field("signal", ::sigabbrev_np(signal)));
        context.stop();
    });
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i)
        others.emplace_back([&] { context.run(); });
    context.run();
    for (std::thread& other : others)
        other.join();
}

}  // namespace glovebox::http
