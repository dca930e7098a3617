// SPDX-License-Identifier: Apache-2.0

#include "transports/hybrid_transport.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/printable.h"
#include "core/base/random_source.h"
#include "core/stream/stream_io.h"
#include "core/stream/timeout.h"
#include "transports/host_socket.h"
#include "transports/unix_address.h"

namespace glovebox::transports {
namespace {

namespace asio = boost::asio;
using core::VsockAddress;

// "OK 4294967294\n" has 14 bytes.
constexpr std::size_t answer_size_max = 32;
constexpr int free_port_tries_max = 24;
constexpr core::Port first_free_port = 1024;

std::string port_path(const std::string& path, core::Port port) {
    return fmt::format("{}_{}", path, port);
}

core::Port random_port() {
    core::Port port = 0;
    SystemRandom().fill({reinterpret_cast<std::uint8_t*>(&port), sizeof port});
    return first_free_port + port % (core::port_any - first_free_port);
}

// The sockets of one address, one for each guest, in the order of the guests.
struct HostSockets {
    std::vector<UniqueFd> sockets;
    std::vector<SocketName> names;
    std::vector<core::Cid> cids;
};

Result<HostSockets> listen_for(const HybridGuests& guests, core::Port port) {
    HostSockets all;
    for (const auto& [cid, path] : guests) {
        auto listening = listen_at(port_path(path, port));
        if (!listening)
            return std::move(listening.error())
                .in(fmt::format("can't listen for the guest with CID {}", cid));
        all.sockets.push_back(std::move(listening->first));
        all.names.push_back(std::move(listening->second));
        all.cids.push_back(cid);
    }
    return all;
}

// Up to the end of the line and no byte further: what follows is the guest's.
asio::awaitable<Result<std::string>> read_answer(core::Stream& stream) {
    std::string line;
    std::array<char, answer_size_max> buffer;
    while (!line.ends_with('\n') && line.size() < answer_size_max) {
        const auto ready = co_await core::turn(stream, core::Stream::Event::readable);
        if (!ready)
            co_return ready.error();
        const int socket = stream.native_handle();
        const std::size_t room = answer_size_max - line.size();
        const ssize_t seen = ::recv(socket, buffer.data(), room, MSG_PEEK | MSG_DONTWAIT);
        if (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            stream.watch().clear(core::Stream::Event::readable);
        } else if (seen < 0 && errno != EINTR) {
            co_return errno_error("recv", errno);
        } else if (seen == 0) {
            co_return system_error(ECONNRESET, "nobody listens");
        } else if (seen > 0) {
            const auto* const end = std::find(buffer.begin(), buffer.begin() + seen, '\n');
            const auto wanted = std::min<std::size_t>(end - buffer.begin() + 1, seen);
            const ssize_t taken = ::recv(socket, buffer.data(), wanted, MSG_DONTWAIT);
            if (taken > 0)
                line.append(buffer.data(), static_cast<std::size_t>(taken));
        }
    }
    co_return line;
}

// Empty for anything else than "OK PORT\n".
std::optional<core::Port> port_in(std::string_view answer) {
    constexpr std::string_view begin = "OK ";
    if (!answer.starts_with(begin) || !answer.ends_with('\n'))
        return std::nullopt;
    answer = answer.substr(begin.size(), answer.size() - begin.size() - 1);
    core::Port port = 0;
    const auto [end, failure] = std::from_chars(answer.data(), answer.data() + answer.size(), port);
    if (failure != std::errc() || end != answer.data() + answer.size())
        return std::nullopt;
    return port;
}

Error no_guest(core::Cid cid) {
    return system_error(ENODEV, fmt::format("no guest has CID {0}: give --guest {0}=SOCKET", cid));
}

}  // namespace

Result<HybridGuest> parse_hybrid_guest(std::string_view text) {
    const std::size_t equals = text.find('=');
    const auto refuse = [text](std::string_view why) {
        return invalid_input(fmt::format(
            "\"{}\" is not a guest: {}; CID=SOCKET was expected, for example 16=/run/vm/v.sock",
            text, why));
    };
    if (equals == std::string_view::npos || equals + 1 == text.size())
        return refuse("it names no socket");
    const auto cid = core::parse_cid(text.substr(0, equals));
    if (!cid)
        return refuse(cid.error().message);
    if (*cid <= core::cid_host)
        return refuse("the CIDs 0 to 2 are not a guest's");
    return HybridGuest{*cid, std::string(text.substr(equals + 1))};
}

std::string guest_listener_name(core::Port port, core::Cid guest) {
    return fmt::format("{}.{}", port, guest);
}

SocketListener::PeerOf peer_by_guest(std::vector<core::Cid> guests) {
    return [guests = std::move(guests)](const core::Accepted& accepted) {
        return VsockAddress{guests.at(accepted.listener), core::port_any};
    };
}

HybridTransport::HybridTransport(asio::any_io_executor executor, HybridGuests guests)
    : executor_(std::move(executor)), guests_(std::move(guests)) {}

Result<std::unique_ptr<core::Listener>> HybridTransport::listen(VsockAddress address) {
    if (address.cid != core::cid_any && address.cid != core::cid_host)
        return system_error(EADDRNOTAVAIL,
                            fmt::format("CID {} is not this side's: the host of virtual machines "
                                        "has CID 2",
                                        address.cid));
    const bool is_any = address.port == core::port_any;
    Result<HostSockets> bound = Error();
    for (int tries = is_any ? free_port_tries_max : 1; tries > 0; --tries) {
        if (is_any)
            address.port = random_port();
        bound = listen_for(guests_, address.port);
        if (bound || bound.error().code.value() != EADDRINUSE)
            break;
    }
    if (!bound)
        return bound.error();
    auto acceptor = core::Acceptor::make(executor_, std::move(bound->sockets));
    if (!acceptor)
        return acceptor.error();
    std::vector<std::string> shared_names;
    for (const core::Cid cid : bound->cids)
        shared_names.push_back(guest_listener_name(address.port, cid));
    const auto names = std::make_shared<std::vector<SocketName>>(std::move(bound->names));
    const auto remove_names = [names](int /*socket*/) { names->clear(); };
    const auto keep_names = [names] {
        for (SocketName& name : *names)
            name.keep();
    };
    return std::unique_ptr<core::Listener>(std::make_unique<SocketListener>(
        std::move(*acceptor), VsockAddress{core::cid_host, address.port},
        peer_by_guest(std::move(bound->cids)), remove_names, std::move(shared_names), keep_names));
}

asio::awaitable<Result<core::Connection>> HybridTransport::connect(
    VsockAddress address, std::chrono::milliseconds patience) {
    const auto guest = guests_.find(address.cid);
    if (guest == guests_.end())
        co_return no_guest(address.cid);
    const std::string& path = guest->second;
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        co_return errno_error("cannot create a Unix socket", errno);
    auto place = PlaceOfSocket::of(path);
    const int result =
        place ? UnixAddress::in_directory(place->directory.get(), place->name).connect(socket.get())
              : place.error().code.value();
    if (result == EAGAIN)
        co_return system_error(ECONNRESET, fmt::format("the backlog of {} is full", path));
    if (result == ENOENT || result == ECONNREFUSED)
        co_return system_error(
            ENODEV, fmt::format("the virtual machine with CID {} does not run: nobody listens at "
                                "its socket {}",
                                address.cid, path));
    if (result != 0)
        co_return errno_error(path, result);
    const auto executor = co_await asio::this_coro::executor;
    auto stream = core::Stream::make(executor, std::move(socket));
    if (!stream)
        co_return stream.error();
    const std::string request = fmt::format("CONNECT {}\n", address.port);
    const auto sent = co_await core::write_all(*stream, request);
    if (!sent)
        co_return system_error(ECONNRESET, sent.error().message);
    const auto answer =
        co_await core::with_timeout(read_answer(*stream), patience, core::no_answer(patience));
    if (!answer)
        co_return answer.error();
    const auto port = port_in(*answer);
    if (!port)
        co_return system_error(EPROTO, fmt::format("{} answers CONNECT by \"{}\", and OK with a "
                                                   "port was expected",
                                                   path, printable(*answer)));
    co_return core::Connection{std::move(*stream), {core::cid_host, *port}, address};
}

}  // namespace glovebox::transports
