// SPDX-License-Identifier: Apache-2.0

#include "core/service/run_until_signal.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstring>
#include <exception>

namespace glovebox::core {

void run_until_signal(boost::asio::io_context& context, Log& log,
                      boost::asio::awaitable<void> serve, const std::function<void()>& stop) {
    boost::asio::signal_set signals(context, SIGTERM, SIGINT);
    bool has_ended = false;  // a signal's handler may be on its way when the last wait is cancelled
    std::function<void()> watch = [&] {
        signals.async_wait([&](const boost::system::error_code& failure, int signal) {
            if (failure || has_ended)
                return;
            log.info("stopping", "stopping: SIG{} came", field("signal", ::sigabbrev_np(signal)));
            stop();
            watch();
        });
    };
    watch();
    std::exception_ptr thrown;
    boost::asio::co_spawn(context, std::move(serve), [&](const std::exception_ptr& exception) {
        thrown = exception;
        has_ended = true;
        signals.cancel();
    });
    context.run();
    if (thrown)
        std::rethrow_exception(thrown);
}

}  // namespace glovebox::core
