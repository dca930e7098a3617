// SPDX-License-Identifier: Apache-2.0

#include "sim/http/serving.h"

#include <csignal>
#include <cstring>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace glovebox::http {

Serving::Serving(boost::asio::io_context& context, Log& log)
    : context_(context), log_(log), signals_(context, SIGTERM, SIGINT) {
    signals_.async_wait([&](const boost::system::error_code& failure, int signal) {
        if (failure)
            return;
        log.info("stopping", "stopping: SIG{} came", field("signal", ::sigabbrev_np(signal)));
        context.stop();
    });
}

void Serving::run(unsigned threads) {
    std::vector<std::thread> others;
    try {
        while (others.size() + 1 < threads)
            others.emplace_back([this] { context_.run(); });
    } catch (const std::system_error& failure) {
        log_.warning("threads",
                     "{} of {} threads could be started, which serve all the same ({}); raise this "
                     "process's limits on memory and processes (ulimit -v, -u)",
                     others.size() + 1, threads, failure.code().message());
    }
    std::exception_ptr thrown;  // a lack of memory: the other threads end first
    try {
        context_.run();
    } catch (...) {
        thrown = std::current_exception();
        context_.stop();
    }
    for (std::thread& other : others)
        other.join();
    if (thrown)
        std::rethrow_exception(thrown);
}

}  // namespace glovebox::http
