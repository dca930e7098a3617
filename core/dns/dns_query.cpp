// SPDX-License-Identifier: Apache-2.0

#include "core/dns/dns_query.h"

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
#include <variant>

#include "core/address/proxy_error.h"
#include "core/stream/asio_result.h"

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

// What the servers said of one family.
struct FamilyAnswer {
    int status = ARES_ENODATA;
    std::vector<IpAddress> addresses;
    std::chrono::seconds ttl{0};

    [[nodiscard]] bool is_negative() const {
        return status == ARES_ENOTFOUND || status == ARES_ENODATA;
    }
};

FamilyAnswer read_answer(int status, const ares_addrinfo* found) {
    FamilyAnswer result;
    result.status = status;
    if (status != ARES_SUCCESS || found == nullptr)
        return result;
    int ttl = std::numeric_limits<int>::max();
    for (const ares_addrinfo_node* node = found->nodes;
         node != nullptr && result.addresses.size() < addresses_per_family_max;
         node = node->ai_next) {
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
    for (const ares_addrinfo_cname* name = found->cnames; name != nullptr; name = name->next)
        ttl = std::min(ttl, name->ttl);
    result.ttl = std::chrono::seconds(std::max(ttl, 0));
    if (result.addresses.empty())
        result.status = ARES_ENODATA;
    return result;
}

// Has the channel forget all servers but the first ones.
void drop_servers(ares_channel channel) {
    ares_addr_port_node* servers = nullptr;
    if (ares_get_servers_ports(channel, &servers) != ARES_SUCCESS)
        return;
    ares_addr_port_node* last = servers;
    for (std::size_t i = 1; i < name_servers_max && last != nullptr; ++i)
        last = last->next;
    // Only then, since the list lacks the scopes of link-local servers in some versions of c-ares.
    if (last != nullptr && last->next != nullptr) {
        ares_addr_port_node* rest = std::exchange(last->next, nullptr);
        ares_set_servers_ports(channel, servers);
        last->next = rest;
    }
    ares_free_data(servers);
}

// A channel of c-ares for one name: cancelling takes a whole channel.
class DnsQuery : public std::enable_shared_from_this<DnsQuery> {
  public:
    explicit DnsQuery(const asio::any_io_executor& executor)
        : executor_(executor), timer_(executor), grace_(executor), answered_(executor) {
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
    void ask(const HostName& name, NameServers servers);

    // Until there is an answer, or the waiting coroutine is cancelled.
    asio::awaitable<void> wait() {
        if (!is_answered_)
            co_await answered_.async_wait(as_result);
    }

    [[nodiscard]] bool is_answered() const { return is_answered_; }
    // The addresses of both families, or the status by which c-ares says why it found nothing.
    [[nodiscard]] std::variant<FoundAddresses, int> take_answer();

  private:
    template <int family>
    void ask_for(const std::string& name);
    void take(std::optional<FamilyAnswer>& to, FamilyAnswer answer);
    void finish() {
        is_answered_ = true;
        timer_.cancel();
        grace_.cancel();
        answered_.cancel();
    }
    void want(ares_socket_t fd, bool read, bool write);
    void process(ares_socket_t readable, ares_socket_t writable);
    void watch(const std::shared_ptr<WatchedSocket>& socket, stream_descriptor::wait_type type);
    void watch_all();
    void start_timer();

    asio::any_io_executor executor_;
    asio::steady_timer timer_;  // c-ares's next repetition
    asio::steady_timer grace_;  // what is left for the other family
    asio::steady_timer answered_;
    ares_channel channel_ = nullptr;
    std::map<ares_socket_t, std::shared_ptr<WatchedSocket>> sockets_;
    std::optional<FamilyAnswer> v4_;
    std::optional<FamilyAnswer> v6_;
    bool is_answered_ = false;
};

void DnsQuery::ask(const HostName& name, NameServers servers) {
    std::string name_servers_alone = "b";
    ares_options options{};
    options.flags = ARES_FLAG_EDNS;
    options.timeout = static_cast<int>(servers.timeout.count());
    options.tries = servers.attempts;
    options.udp_port = servers.port;
    options.tcp_port = servers.port;
    options.ndomains = 0;
    options.resolvconf_path = servers.resolv_conf.data();
    options.lookups = name_servers_alone.data();
    options.sock_state_cb = [](void* self, ares_socket_t fd, int read, int write) {
        static_cast<DnsQuery*>(self)->want(fd, read != 0, write != 0);
    };
    options.sock_state_cb_data = this;
    constexpr int chosen = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                           ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT | ARES_OPT_DOMAINS |
                           ARES_OPT_RESOLVCONF | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    if (const int failure = ares_init_options(&channel_, &options, chosen);
        failure != ARES_SUCCESS) {
        channel_ = nullptr;
        v4_ = v6_ = read_answer(failure, nullptr);
        finish();
        return;
    }
    drop_servers(channel_);
    // The dot says that no search list applies.
    ask_for<AF_INET>(name.text() + '.');
    ask_for<AF_INET6>(name.text() + '.');
    watch_all();
    start_timer();
}

template <int family>
void DnsQuery::ask_for(const std::string& name) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    // c-ares sorts by a connect(2) for each address, however many there are.
    hints.ai_flags = ARES_AI_NOSORT;
    const auto answered = [](void* self, int status, int /*timeouts*/, ares_addrinfo* found) {
        const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(
            found, &ares_freeaddrinfo);
        auto& query = *static_cast<DnsQuery*>(self);
        if (query.channel_ != nullptr)
            query.take(family == AF_INET ? query.v4_ : query.v6_, read_answer(status, found));
    };
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, answered, this);
}

void DnsQuery::take(std::optional<FamilyAnswer>& to, FamilyAnswer answer) {
    to = std::move(answer);
    if (is_answered_)
        return;
    if (v4_ && v6_) {
        finish();
        return;
    }
    // That a name does not exist holds for both families, but some servers say it of AAAA where the
    // name has A alone (RFC 4074, 4.2).
    const bool is_missing = v4_ && v4_->status == ARES_ENOTFOUND;
    if (to->status != ARES_SUCCESS && !is_missing)
        return;
    grace_.expires_after(resolution_delay);
    grace_.async_wait([self = weak_from_this()](const auto& failure) {
        if (const auto query = self.lock(); query && !failure)
            query->finish();
    });
}

std::variant<FoundAddresses, int> DnsQuery::take_answer() {
    FoundAddresses found;
    found.ttl = std::chrono::seconds::max();
    for (std::optional<FamilyAnswer>* family : {&v6_, &v4_}) {
        if (!*family || (*family)->status != ARES_SUCCESS)
            continue;
        found.addresses.insert(found.addresses.end(), (*family)->addresses.begin(),
                               (*family)->addresses.end());
        found.ttl = std::min(found.ttl, (*family)->ttl);
    }
    if (!found.addresses.empty())
        return found;
    // One that failed may have had addresses.
    for (const std::optional<FamilyAnswer>* family : {&v4_, &v6_})
        if (*family && !(*family)->is_negative())
            return (*family)->status;
    return ARES_ENODATA;
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
    if (is_answered_ || ares_timeout(channel_, nullptr, &left) == nullptr)
        return;
    timer_.expires_after(std::chrono::seconds(left.tv_sec) +
                         std::chrono::microseconds(left.tv_usec));
    timer_.async_wait([self = weak_from_this()](const auto& failure) {
        if (const auto query = self.lock(); query && !failure)
            query->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

Error explain(int status, const HostName& name, const std::string& resolv_conf) {
    if (status == ARES_ENODATA)
        return Error(ProxyError::name_unknown,
                     fmt::format("the name {} is not known: the name servers, asked from this "
                                 "host, have no address for it",
                                 name.text()));
    if (status == ARES_ETIMEOUT)
        return Error(
            ProxyError::lookup_timed_out,
            fmt::format("no name server of {} answered for the name {}", resolv_conf, name.text()));
    return Error(ProxyError::lookup_failed,
                 fmt::format("the name {} could not be looked up with the name servers of {}: {}",
                             name.text(), resolv_conf, ares_strerror(status)));
}

}  // namespace

asio::awaitable<Result<FoundAddresses>> ask_name_servers(HostName name, NameServers servers) {
    const auto query = std::make_shared<DnsQuery>(co_await asio::this_coro::executor);
    query->ask(name, servers);
    co_await query->wait();
    if (!query->is_answered())
        co_return Error(asio::error::operation_aborted,
                        fmt::format("the lookup of {} was called off", name.text()));
    auto answer = query->take_answer();
    if (const int* status = std::get_if<int>(&answer))
        co_return explain(*status, name, servers.resolv_conf);
    co_return std::get<FoundAddresses>(std::move(answer));
}

}  // namespace glovebox::core
