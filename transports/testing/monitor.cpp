// SPDX-License-Identifier: Apache-2.0

#include "transports/testing/monitor.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/relay/pipe_pool.h"
#include "core/relay/relay.h"
#include "core/stream/acceptor.h"
#include "core/stream/stream_io.h"

namespace glovebox::transports {
namespace {

namespace asio = boost::asio;
using core::Stream;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw std::runtime_error("too long for a socket: " + path);
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

UniqueFd unix_stream() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// The guest's relays outlive the machine of a test, as far as its context does.
core::PipePool& pipes() {
    static core::PipePool pool;
    return pool;
}

asio::awaitable<void> serve_host(Stream host, core::MemoryNetwork& network, core::Cid guest) {
    std::string line;
    while (!line.ends_with('\n')) {
        char byte = 0;
        const auto got = co_await core::read_some(host, {&byte, 1});
        if (!got || *got == 0)
            co_return;
        line += byte;
    }
    unsigned port = 0;
    if (std::sscanf(line.c_str(), "CONNECT %u\n", &port) != 1)
        co_return;
    core::MemoryTransport from_host(network, core::cid_host);
    auto reached = co_await from_host.connect({guest, port}, std::chrono::seconds(1));
    if (!reached)
        co_return;
    const std::string answer = fmt::format("OK {}\n", reached->local.port);
    const auto told = co_await core::write_all(host, answer);
    if (told)
        co_await core::relay(std::move(host), std::move(reached->stream), pipes());
}

asio::awaitable<void> serve_hosts(core::Acceptor acceptor, core::MemoryNetwork& network,
                                  core::Cid guest) {
    const auto executor = co_await asio::this_coro::executor;
    while (true) {
        auto accepted = co_await acceptor.accept();
        if (!accepted)
            co_return;
        auto stream = Stream::make(executor, std::move(accepted->socket)).value();
        asio::co_spawn(executor, serve_host(std::move(stream), network, guest), asio::detached);
    }
}

}  // namespace

GuestDialler::GuestDialler(asio::any_io_executor executor, std::string path, core::Cid own)
    : executor_(std::move(executor)), path_(std::move(path)), own_(own) {}

Result<std::unique_ptr<core::Listener>> GuestDialler::listen(core::VsockAddress) {
    return errno_error("a guest that only connects", EOPNOTSUPP);
}

asio::awaitable<Result<core::Connection>> GuestDialler::connect(core::VsockAddress address,
                                                                std::chrono::milliseconds) {
    UniqueFd socket = unix_stream();
    if (!socket)
        co_return errno_error("socket", errno);
    const sockaddr_un to = address_of(fmt::format("{}_{}", path_, address.port));
    // Whatever goes wrong, the guest receives a reset.
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
        co_return errno_error("connect", ECONNRESET);
    auto stream = Stream::make(executor_, std::move(socket));
    if (!stream)
        co_return stream.error();
    co_return core::Connection{std::move(*stream), {own_, next_port_++}, address};
}

void serve_guest(const asio::any_io_executor& executor, const std::string& path,
                 core::MemoryNetwork& network, core::Cid guest) {
    UniqueFd socket = unix_stream();
    const sockaddr_un address = address_of(path);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0)
        throw std::runtime_error(errno_error(path, errno).message);
    asio::co_spawn(
        executor,
        serve_hosts(core::Acceptor::make(executor, std::move(socket)).value(), network, guest),
        asio::detached);
}

}  // namespace glovebox::transports
