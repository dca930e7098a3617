// SPDX-License-Identifier: Apache-2.0

#include "core/dns_query.h"

#include <ares.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "core/asio_result.h"
#include "core/proxy_error.h"
#include "core/resolv_conf.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

// A socket of c-ares, which opens and closes it. The descriptor here only waits on it.
struct WatchedSocket {
    // What c-ares waits for, and whether the loop waits for it already.
    struct Direction {
        bool wanted = false;
        bool waiting = false;
    };

    explicit WatchedSocket(const asio::any_io_executor& executor) : descriptor(executor) {}

    stream_descriptor descriptor;
    Direction read;
    Direction write;
};

FoundAddresses read_addresses(const ares_addrinfo& found) {
    FoundAddresses result;
    int ttl = std::numeric_limits<int>::max();
    for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
        if (node->ai_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, node->ai_addr, sizeof v4);
            result.addresses.emplace_back(asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)));
        } else if (node->ai_family == AF_INET6) {
            sockaddr_in6 v6{};
            std::memcpy(&v6, node->ai_addr, sizeof v6);
            asio::ip::address_v6::bytes_type bytes;
            std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
            result.addresses.emplace_back(asio::ip::address_v6(bytes, v6.sin6_scope_id));
        }
        ttl = std::min(ttl, node->ai_ttl);
    }
    for (const ares_addrinfo_cname* name = found.cnames; name != nullptr; name = name->next)
        ttl = std::min(ttl, name->ttl);
    result.ttl = std::chrono::seconds(std::max(ttl, 0));
    return result;
}

// A channel of c-ares for one name: cancelling takes a whole channel.
class DnsQuery : public std::enable_shared_from_this<DnsQuery> {
  public:
    explicit DnsQuery(const asio::any_io_executor& executor)
        : executor_(executor), timer_(executor), answered_(executor) {
        answered_.expires_at(asio::steady_timer::time_point::max());
        ares_library_init(ARES_LIB_INIT_ALL);
    }
    DnsQuery(const DnsQuery&) = delete;
    DnsQuery& operator=(const DnsQuery&) = delete;
    ~DnsQuery() {
        // Before c-ares closes them.
        for (const auto& [fd, socket] : sockets_)
            socket->descriptor.release();
        // Its callbacks find no channel, and do nothing.
        if (const ares_channel channel = std::exchange(channel_, nullptr); channel != nullptr)
            ares_destroy(channel);
        ares_library_cleanup();
    }

    // Sends the first packets. The answer may be here already when this returns.
    void ask(const HostName& name, bool is_local, DnsSettings settings);

    // Until there is an answer, or the waiting coroutine is cancelled.
    asio::awaitable<void> wait() {
        if (!status_)
            co_await answered_.async_wait(as_result);
    }

    // c-ares's status; empty before the answer.
    [[nodiscard]] const std::optional<int>& status() const { return status_; }
    [[nodiscard]] FoundAddresses take_addresses() { return std::move(found_); }

  private:
    void answer(int status, const ares_addrinfo* found) {
        status_ = status;
        if (status == ARES_SUCCESS && found != nullptr)
            found_ = read_addresses(*found);
        timer_.cancel();
        answered_.cancel();
    }
    void want(ares_socket_t fd, bool read, bool write);
    void process(ares_socket_t readable, ares_socket_t writable);
    void watch(const std::shared_ptr<WatchedSocket>& socket, stream_descriptor::wait_type type);
    void watch_all();
    void start_timer();

    asio::any_io_executor executor_;
    asio::steady_timer timer_;  // c-ares's next repetition
    asio::steady_timer answered_;
    ares_channel channel_ = nullptr;
    std::map<ares_socket_t, std::shared_ptr<WatchedSocket>> sockets_;
    std::optional<int> status_;
    FoundAddresses found_;
};

void DnsQuery::ask(const HostName& name, bool is_local, DnsSettings settings) {
    const LookupPatience patience = read_lookup_patience(settings.resolv_conf);
    std::string files = "f";
    ares_options options{};
    options.flags = ARES_FLAG_EDNS;
    options.timeout = static_cast<int>(patience.timeout.count());
    options.tries = patience.attempts;
    options.udp_port = settings.port;
    options.tcp_port = settings.port;
    options.resolvconf_path = settings.resolv_conf.data();
    options.lookups = files.data();
    options.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
        static_cast<DnsQuery*>(self)->want(fd, read != 0, write != 0);
    };
    options.sock_state_cb_data = this;
    const int chosen = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT |
                       ARES_OPT_TCP_PORT | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB |
                       (is_local ? ARES_OPT_LOOKUPS : 0);
    if (const int failure = ares_init_options(&channel_, &options, chosen);
        failure != ARES_SUCCESS) {
        channel_ = nullptr;
        answer(failure, nullptr);
        return;
    }
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    const auto answered = [](void* self, int status, int /*timeouts*/, ares_addrinfo* found) {
        auto& query = *static_cast<DnsQuery*>(self);
        if (query.channel_ != nullptr)
            query.answer(status, found);
        ares_freeaddrinfo(found);
    };
    ares_getaddrinfo(channel_, name.text().c_str(), nullptr, &hints, answered, this);
    watch_all();
    start_timer();
}

// c-ares's own callback; inside ares_process_fd, and when it opens or closes a socket.
void DnsQuery::want(ares_socket_t fd, bool read, bool write) {
    if (channel_ == nullptr)
        return;
    const auto place = sockets_.find(fd);
    if (!read && !write) {
        if (place == sockets_.end())
            return;
        place->second->descriptor.release();
        sockets_.erase(place);
        return;
    }
    std::shared_ptr<WatchedSocket> socket;
    if (place != sockets_.end()) {
        socket = place->second;
    } else {
        socket = std::make_shared<WatchedSocket>(executor_);
        boost::system::error_code failure;
        socket->descriptor.assign(fd, failure);
        // Without it c-ares repeats the question after its timeout, and says in the end that
        // nobody answered.
        if (failure)
            return;
        sockets_[fd] = socket;
    }
    socket->read.wanted = read;
    socket->write.wanted = write;
}

void DnsQuery::process(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel_, readable, writable);
    watch_all();
    start_timer();
}

void DnsQuery::watch(const std::shared_ptr<WatchedSocket>& socket,
                     stream_descriptor::wait_type type) {
    const auto direction =
        type == stream_descriptor::wait_read ? &WatchedSocket::read : &WatchedSocket::write;
    if (!((*socket).*direction).wanted || ((*socket).*direction).waiting)
        return;
    ((*socket).*direction).waiting = true;
    socket->descriptor.async_wait(
        type, [self = weak_from_this(), socket, direction](const auto& failure) {
            ((*socket).*direction).waiting = false;
            const auto query = self.lock();
            // Another socket may have the number of one that c-ares has closed.
            if (failure || !query || !socket->descriptor.is_open())
                return;
            const ares_socket_t fd = socket->descriptor.native_handle();
            const bool is_read = direction == &WatchedSocket::read;
            query->process(is_read ? fd : ARES_SOCKET_BAD, is_read ? ARES_SOCKET_BAD : fd);
        });
}

void DnsQuery::watch_all() {
    for (const auto& [fd, socket] : sockets_) {
        watch(socket, stream_descriptor::wait_read);
        watch(socket, stream_descriptor::wait_write);
    }
}

void DnsQuery::start_timer() {
    timeval left{};
    if (status_ || ares_timeout(channel_, nullptr, &left) == nullptr)
        return;
    timer_.expires_after(std::chrono::seconds(left.tv_sec) +
                         std::chrono::microseconds(left.tv_usec));
    timer_.async_wait([self = weak_from_this()](const auto& failure) {
        if (const auto query = self.lock(); query && !failure)
            query->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

bool is_local_name(const HostName& name) {
    static const HostName localhost = HostName::parse("localhost").value();
    return name == localhost || name.is_below(localhost);
}

Error explain(int status, const HostName& name, const DnsSettings& settings) {
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        return Error(ProxyError::name_unknown,
                     fmt::format("the name {} is not known: the name servers, asked from this "
                                 "host, have no address for it",
                                 name.text()));
    if (status == ARES_ETIMEOUT)
        return Error(ProxyError::lookup_timed_out,
                     fmt::format("no name server of {} answered for the name {}",
                                 settings.resolv_conf, name.text()));
    return Error(ProxyError::lookup_failed,
                 fmt::format("the name {} could not be looked up with the name servers of {}: {}",
                             name.text(), settings.resolv_conf, ares_strerror(status)));
}

}  // namespace

asio::awaitable<Result<FoundAddresses>> look_up(HostName name, DnsSettings settings) {
    const auto query = std::make_shared<DnsQuery>(co_await asio::this_coro::executor);
    const bool is_local = is_local_name(name);
    query->ask(name, is_local, settings);
    co_await query->wait();
    const std::optional<int> status = query->status();
    if (!status)
        co_return Error(asio::error::operation_aborted,
                        fmt::format("the lookup of {} was called off", name.text()));
    FoundAddresses found = query->take_addresses();
    if (is_local && found.addresses.empty())
        co_return FoundAddresses{
            {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()},
            std::chrono::seconds(0)};
    if (*status != ARES_SUCCESS || found.addresses.empty())
        co_return explain(*status == ARES_SUCCESS ? ARES_ENODATA : *status, name, settings);
    co_return found;
}

}  // namespace glovebox::core
