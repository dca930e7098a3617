// SPDX-License-Identifier: Apache-2.0

// The least that a relay can do: what no relay on epoll and without root does in fewer system calls
// a connection, half-close kept. It has no rules, no log, no time-outs, no shares, and gives up on
// the first mistake. bench/two-hop measures it as the limit.
//
//   bare-relay FROM TO      each is a port of 127.0.0.1 or the path of a Unix socket
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int events_at_once = 256;
std::vector<char> buffer(64 * 1024);
std::vector<struct End*> over;  // freed after the batch of events that may still name them

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "bare-relay: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

int check(int result, const char* what) {
    if (result < 0)
        die(what);
    return result;
}

std::uint16_t port_of(std::string_view word) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
    if (error != std::errc() || end != word.data() + word.size()) {
        std::fprintf(stderr, "bare-relay: neither a port nor an absolute path: %s\n", word.data());
        std::exit(2);
    }
    return port;
}

struct Address {
    explicit Address(const char* word) {
        if (word[0] == '/') {
            storage.path.sun_family = AF_UNIX;
            std::strncpy(storage.path.sun_path, word, sizeof storage.path.sun_path - 1);
            size = sizeof storage.path;
        } else {
            storage.port.sin_family = AF_INET;
            storage.port.sin_port = htons(port_of(word));
            storage.port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            size = sizeof storage.port;
        }
    }
    [[nodiscard]] int socket() const {
        const int made =
            check(::socket(storage.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
        const int on = 1;
        if (storage.any.sa_family == AF_INET)
            check(::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
        return made;
    }
    union {
        sockaddr any;
        sockaddr_un path;
        sockaddr_in port;
    } storage{};
    socklen_t size = 0;
};

// One socket, and what its peer sent and `other` has not taken yet.
struct End {
    explicit End(int of) : socket(of) {}

    int socket;
    End* other = nullptr;
    std::string unsent;
    bool may_read = false;
    bool may_write = false;
    bool peer_has_ended = false;  // a short read is not the last one then
    bool has_ended = false;       // as read
};

void close_both(End& end) {
    for (End* each : {&end, end.other}) {
        ::close(each->socket);
        each->socket = -1;
        over.push_back(each);
    }
}

// From `end` to the other one, for as long as both take it. False: the connection is over.
bool pump(End& end) {
    End& other = *end.other;
    while (other.may_write) {
        if (!end.unsent.empty()) {
            const ssize_t sent =
                ::send(other.socket, end.unsent.data(), end.unsent.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN)
                return false;
            other.may_write = sent >= 0;
            end.unsent.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
            continue;
        }
        if (!end.may_read || end.has_ended)
            return true;
        const ssize_t size = ::recv(end.socket, buffer.data(), buffer.size(), 0);
        if (size < 0) {
            end.may_read = false;
            return errno == EAGAIN;
        }
        if (size == 0) {
            end.has_ended = true;
            if (other.has_ended)
                return false;
            ::shutdown(other.socket, SHUT_WR);
            return true;
        }
        end.may_read = static_cast<std::size_t>(size) == buffer.size() || end.peer_has_ended;
        const ssize_t sent =
            ::send(other.socket, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return false;
        end.unsent.assign(buffer.data() + (sent > 0 ? sent : 0), buffer.data() + size);
        other.may_write = end.unsent.empty();
    }
    return true;
}

void watch(int poller, int socket, void* place, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = place;
    check(::epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
}

void open_pair(int poller, int accepted, const Address& to) {
    auto* const near = new End(accepted);
    auto* const far = new End(to.socket());
    near->other = far;
    far->other = near;
    near->may_write = true;
    if (::connect(far->socket, &to.storage.any, to.size) == 0)
        far->may_write = true;
    else if (errno != EINPROGRESS)
        die("connect");
    for (End* end : {near, far})
        watch(poller, end->socket, end, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) {
        std::fprintf(stderr, "usage: bare-relay FROM TO\n");
        return 2;
    }
    rlimit most{};
    ::getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &most);
    const Address from(words[1]);
    const Address to(words[2]);
    const int listener = from.socket();
    const int on = 1;
    check(::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    check(::bind(listener, &from.storage.any, from.size), "bind");
    check(::listen(listener, 4096), "listen");
    const int poller = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    watch(poller, listener, nullptr, EPOLLIN);
    for (;;) {
        epoll_event ready[events_at_once];
        const int events = check(::epoll_wait(poller, ready, events_at_once, -1), "epoll_wait");
        for (int i = 0; i < events; ++i) {
            auto* const end = static_cast<End*>(ready[i].data.ptr);
            if (end == nullptr) {
                int accepted = 0;
                while ((accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0)
                    open_pair(poller, accepted, to);
                continue;
            }
            if (end->socket < 0)
                continue;
            const std::uint32_t seen = ready[i].events;
            end->may_read |= (seen & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
            end->may_write |= (seen & EPOLLOUT) != 0;
            end->peer_has_ended |= (seen & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
            if (!pump(*end) || !pump(*end->other))
                close_both(*end);
        }
        for (End* end : over)
            delete end;
        over.clear();
    }
}
