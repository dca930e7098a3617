// SPDX-License-Identifier: Apache-2.0

#include "core/fault/faulty_transport.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <utility>

#include "core/relay/hop_resets.h"

namespace glovebox::fault {

boost::asio::awaitable<Result<core::Connection>> FaultyTransport::connect(
    core::VsockAddress address, std::chrono::milliseconds patience) {
    // Relays' channels for resets are no connections of anybody's.
    if (core::is_reset_port(address.port))
        co_return co_await behind_.connect(address, patience);
    const core::VsockAddress own{local_cid(), core::port_any};
    if (book_.refuses(own, address))
        co_return system_error(ECONNRESET, to_string(address) + " refuses, by a fault");
    auto connection = co_await behind_.connect(address, patience);
    if (!connection)
        co_return connection.error();
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
        co_return errno_error("socketpair", errno);
    UniqueFd callers(ends[0]);
    UniqueFd carriers(ends[1]);
    const auto executor = co_await boost::asio::this_coro::executor;
    auto outer = core::Stream::make(executor, std::move(callers));
    auto near = core::Stream::make(executor, std::move(carriers));
    if (!outer || !near)
        co_return (outer ? near : outer).error();
    const auto carrier = std::make_shared<Carrier>(std::move(*near), std::move(connection->stream),
                                                   book_, connection->local, connection->peer);
    carriers_->push_front(carrier);
    // The list may be gone: connections can outlive the transport, and keep their carriers.
    carrier->start([all = std::weak_ptr(carriers_), place = carriers_->begin()] {
        if (const auto list = all.lock())
            list->erase(place);
    });
    co_return core::Connection{std::move(*outer), connection->local, connection->peer};
}

void FaultyTransport::look() {
    const Carriers all = *carriers_;  // those that end take themselves out
    for (const auto& carrier : all)
        carrier->look();
}

}  // namespace glovebox::fault
