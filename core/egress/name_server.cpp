// SPDX-License-Identifier: Apache-2.0

#include "core/egress/name_server.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/system/errc.hpp>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/stream/accept_loop.h"
#include "core/stream/asio_result.h"
#include "core/stream/readiness.h"
#include "core/stream/stream_io.h"
#include "core/stream/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

// Clients by TCP are few: answers fit into a datagram.
constexpr std::size_t streams_max = 64;
constexpr std::chrono::seconds stream_patience{10};
// The largest query that is read from a stream; a question with EDNS's options has less.
constexpr std::size_t query_bytes_max = 4096;
// Datagrams whose answers are looked up.
constexpr std::size_t lookups_max = 1024;
// Others have their turn after so many.
constexpr int datagrams_in_a_row_max = 32;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

SocketAddress listening_address(bool is_ipv6, bool on_loopback, std::uint16_t port) {
    SocketAddress address;
    if (is_ipv6) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        v6.sin6_addr = on_loopback ? in6addr_loopback : in6addr_any;
        address.size = sizeof v6;
        std::memcpy(&address.storage, &v6, sizeof v6);
    } else {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        v4.sin_addr.s_addr = htonl(on_loopback ? INADDR_LOOPBACK : INADDR_ANY);
        address.size = sizeof v4;
        std::memcpy(&address.storage, &v4, sizeof v4);
    }
    return address;
}

bool switch_on(int socket, int level, int option) {
    const int on = 1;
    return ::setsockopt(socket, level, option, &on, sizeof on) == 0;
}

Result<UniqueFd> bound_socket(int type, bool is_ipv6, const SocketAddress& address) {
    UniqueFd socket(::socket(is_ipv6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const bool is_stream = type == SOCK_STREAM;
    const bool is_ready = socket &&
                          (!is_ipv6 || switch_on(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY)) &&
                          (!is_stream || switch_on(socket.get(), SOL_SOCKET, SO_REUSEADDR)) &&
                          (is_stream || switch_on(socket.get(), is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                                                  is_ipv6 ? IPV6_RECVPKTINFO : IP_PKTINFO)) &&
                          ::bind(socket.get(), address.get(), address.size) == 0 &&
                          (!is_stream || ::listen(socket.get(), SOMAXCONN) == 0);
    if (!is_ready)
        return errno_error("can't serve names", errno);
    // For answers from an address that is local by a route; where the kernel lacks it (before
    // Linux 4.15), an answer from ::1 needs it not.
    if (is_ipv6)
        static_cast<void>(switch_on(socket.get(), IPPROTO_IPV6, IPV6_FREEBIND));
    return socket;
}

// Who sent a datagram, and to which address: the kernel's message about it.
struct Sender {
    SocketAddress client;
    alignas(cmsghdr) std::array<char, 128> control{};
    std::size_t control_size = 0;
};

// The answer leaves from the address that was asked: a client drops one from another address. The
// kernel's message says which it was, and takes the same message for the answer.
void send_answer(int socket, Sender& to, std::vector<std::uint8_t> answer) {
    iovec bytes{answer.data(), answer.size()};
    msghdr message{};
    message.msg_name = &to.client.storage;
    message.msg_namelen = to.client.size;
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = to.control.data();
    message.msg_controllen = to.control_size;
    for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
        if (one->cmsg_level != IPPROTO_IP || one->cmsg_type != IP_PKTINFO)
            continue;
        in_pktinfo info{};
        std::memcpy(&info, CMSG_DATA(one), sizeof info);
        info.ipi_spec_dst = info.ipi_addr;
        info.ipi_ifindex = 0;
        std::memcpy(CMSG_DATA(one), &info, sizeof info);
    }
    // A client that left or has no room asks again.
    static_cast<void>(::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

asio::awaitable<void> look_up_and_send(std::shared_ptr<UniqueFd> socket, Sender to, DnsQuery query,
                                       const DnsLookup& lookup) {
    const DnsAddresses found = co_await lookup(*query.question());
    send_answer(socket->get(), to, query.answer(found));
}

asio::awaitable<Result<std::size_t>> read_all(Stream& stream, std::span<char> into) {
    std::size_t have = 0;
    while (have < into.size()) {
        const auto got = co_await read_some(stream, into.subspan(have));
        if (!got || *got == 0)
            co_return got;
        have += *got;
    }
    co_return have;
}

// One query and its answer, each behind its length in two bytes. 0 if the client has ended.
asio::awaitable<Result<std::size_t>> serve_query(Stream& client, const DnsLookup& lookup) {
    std::array<char, 2> length;
    const auto head = co_await read_all(client, length);
    if (!head || *head == 0)
        co_return head;
    const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(length[0])) << 8 |
                             static_cast<unsigned char>(length[1]);
    if (size > query_bytes_max)
        co_return std::size_t{0};
    std::string query(size, '\0');
    const auto whole = co_await read_all(client, query);
    if (!whole || *whole == 0)
        co_return whole;
    const auto read =
        DnsQuery::read({reinterpret_cast<const std::uint8_t*>(query.data()), query.size()});
    if (!read)
        co_return std::size_t{0};
    DnsAddresses found;
    if (read->question())
        found = co_await lookup(*read->question());
    const auto answer = read->answer(found);
    std::string text{static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())};
    text.append(answer.begin(), answer.end());
    co_return co_await write_all(client, text);
}

}  // namespace

NameServer::NameServer(asio::any_io_executor executor, PipePool& pipes, Log& log, DnsLookup lookup)
    : executor_(std::move(executor)),
      pipes_(pipes),
      log_(log),
      lookup_(std::move(lookup)),
      servers_(executor_, log),
      streams_(executor_, log),
      lookups_(executor_, log) {}

Result<void> NameServer::listen(std::uint16_t port, bool with_ipv6) {
    for (const bool is_ipv6 : {false, true}) {
        if (is_ipv6 && !with_ipv6)
            continue;
        auto listening = listen_at(is_ipv6, false, port);
        if (!listening && listening.error().code == boost::system::errc::address_in_use)
            listening = listen_at(is_ipv6, true, port);
        // Without IPv6, resolvers ask by IPv4.
        if (!listening && !is_ipv6)
            return std::move(listening.error())
                .with_advice(
                    fmt::format("Programs ask a name server at 127.0.0.1:{}, so it must be "
                                "free, and ports below 1024 take root",
                                port));
    }
    return {};
}

Result<void> NameServer::listen_at(bool is_ipv6, bool on_loopback, std::uint16_t port) {
    const SocketAddress address = listening_address(is_ipv6, on_loopback, port);
    auto datagrams = bound_socket(SOCK_DGRAM, is_ipv6, address);
    if (!datagrams)
        return datagrams.error();
    auto listening = bound_socket(SOCK_STREAM, is_ipv6, address);
    if (!listening)
        return listening.error();
    auto acceptor = Acceptor::make(executor_, std::move(*listening));
    if (!acceptor)
        return acceptor.error();
    servers_.spawn(serve_datagrams(std::move(*datagrams), is_ipv6));
    Acceptor& kept = acceptors_.emplace_back(std::move(*acceptor));
    servers_.spawn(accept_loop(
        fmt::format("name server, port {}", port), [&kept] { return kept.accept(); },
        [this](Accepted accepted) {
            auto client = Stream::make(executor_, std::move(accepted.socket));
            if (client && streams_.size() < streams_max)
                streams_.spawn(serve_stream(std::move(*client)));
        },
        [this] { pipes_.trim(); }, log_));
    return {};
}

asio::awaitable<void> NameServer::serve_datagrams(UniqueFd socket, bool is_ipv6) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto shared = std::make_shared<UniqueFd>(std::move(socket));
    auto watch = Readiness::of(executor_).watch(shared->get());
    if (!watch) {
        log_.error("names_not_served", "the name server can't wait for {} queries: {}",
                   is_ipv6 ? "IPv6" : "IPv4", field("error", watch.error().message));
        co_return;
    }
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    while (cancellation.cancelled() == asio::cancellation_type::none) {
        const auto failure = co_await ready(*watch, Readiness::Event::readable);
        if (failure)
            co_return;
        int left = datagrams_in_a_row_max;
        while (left > 0 && take_datagram(shared))
            --left;
        if (left > 0)
            watch->clear(Readiness::Event::readable);
        else
            co_await asio::post(executor_, asio::use_awaitable);
    }
}

bool NameServer::take_datagram(const std::shared_ptr<UniqueFd>& socket) {
    std::array<std::uint8_t, query_bytes_max> buffer;
    Sender sender;
    iovec bytes{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &sender.client.storage;
    message.msg_namelen = sizeof sender.client.storage;
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = sender.control.data();
    message.msg_controllen = sender.control.size();
    const ssize_t size = ::recvmsg(socket->get(), &message, MSG_DONTWAIT);
    if (size < 0)
        return errno != EAGAIN && errno != EWOULDBLOCK;
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return true;
    sender.client.size = message.msg_namelen;
    sender.control_size = message.msg_controllen;
    auto query = DnsQuery::read({buffer.data(), static_cast<std::size_t>(size)});
    if (!query)
        return true;
    if (!query->question())
        send_answer(socket->get(), sender, query->answer());
    else if (lookups_.size() < lookups_max)  // the client asks again
        lookups_.spawn(look_up_and_send(socket, sender, std::move(*query), lookup_));
    return true;
}

asio::awaitable<void> NameServer::serve_stream(Stream client) {
    while (client.is_open()) {
        const auto served = co_await with_timeout(serve_query(client, lookup_), stream_patience,
                                                  no_answer(stream_patience));
        if (!served || *served == 0)
            co_return;
    }
}

void NameServer::stop() {
    for (Acceptor& acceptor : acceptors_)
        acceptor.close();
    servers_.cancel();
    streams_.cancel();
    lookups_.cancel();
}

asio::awaitable<void> NameServer::finish() {
    co_await servers_.finish(std::chrono::milliseconds(0));
    co_await streams_.finish(std::chrono::milliseconds(0));
    co_await lookups_.finish(std::chrono::milliseconds(0));
}

}  // namespace glovebox::core
