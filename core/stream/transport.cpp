// SPDX-License-Identifier: Apache-2.0

#include "core/stream/transport.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

namespace glovebox::core {

Result<Connection> Arrival::on(const boost::asio::any_io_executor& executor) && {
    auto stream = Stream::make(executor, std::move(socket));
    if (!stream)
        return stream.error();
    return Connection{std::move(*stream), local, peer};
}

// The listener may be destroyed meanwhile.
boost::asio::awaitable<Result<Connection>> Listener::accept() {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto arrival = co_await next();
    if (!arrival)
        co_return arrival.error();
    co_return std::move(*arrival).on(executor);
}

}  // namespace glovebox::core
