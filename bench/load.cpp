// SPDX-License-Identifier: Apache-2.0

// A load generator and its server, one thread of epoll each, so that the hops between them are the
// slow part. TCP; the server and, without an address, the clients on 127.0.0.1. PORT is PORT or
// ADDRESS:PORT.
//
//   load serve                          prints its port, serves until its input ends
//   load open PORT AT_ONCE TOTAL        TOTAL connections, AT_ONCE at a time: each is opened, one
//                                       byte goes there and back, and it is closed
//   load turn PORT CONNECTIONS BYTES TOTAL
//                                       TOTAL messages there and back over lasting connections
//   load bulk PORT CONNECTIONS MEBIBYTES
//                                       MEBIBYTES altogether, one way, checked by their count
//   load hold PORT CONNECTIONS          opens them, prints "ready", holds them until its input ends
//   load ask PORT CONNECTIONS TOTAL     TOTAL requests of HTTP over lasting connections: the bytes
//                                       of its standard input, each answered by a 200 with a
//                                       Content-Length
//   load stall PORT CONNECTIONS         opens them to a server that does not read, sends until
//                                       nothing was taken for a second, and goes on as hold
//
// A client prints one object of JSON: how many a second, and of what was timed one by one the
// median and the 99th percentile in microseconds; for bulk the mean of the connections' times by
// the slowest's.
//
// The first byte of a connection says what the server does with the rest: 'e' sends it back, 's'
// swallows it and answers at its end with the count, eight bytes, 'w' lets it wait.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t piece = 256 * 1024;
constexpr int events_at_once = 256;

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "load: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

int check(int result, const char* what) {
    if (result < 0)
        die(what);
    return result;
}

double microseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Of PORT or ADDRESS:PORT.
sockaddr_in address_of(const std::string& words) {
    const std::size_t colon = words.find(':');
    const std::string port = colon == std::string::npos ? words : words.substr(colon + 1);
    sockaddr_in address =
        loopback(static_cast<std::uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
    if (colon != std::string::npos &&
        ::inet_pton(AF_INET, words.substr(0, colon).c_str(), &address.sin_addr) != 1)
        die(words.c_str());
    return address;
}

void without_delay(int socket) {
    const int on = 1;
    check(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

class Poller {
  public:
    Poller() : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

    void add(int descriptor, std::uint32_t events) const {
        control(EPOLL_CTL_ADD, descriptor, events);
    }
    void change(int descriptor, std::uint32_t events) const {
        control(EPOLL_CTL_MOD, descriptor, events);
    }

    // Calls handle(descriptor, events) for each that is ready, until `done`.
    template <class Handle, class Done>
    void run(const Handle& handle, const Done& done) {
        epoll_event ready[events_at_once];
        while (!done()) {
            const int count = ::epoll_wait(epoll_, ready, events_at_once, -1);
            if (count < 0 && errno != EINTR)
                die("epoll_wait");
            for (int i = 0; i < count; ++i)
                handle(ready[i].data.fd, ready[i].events);
        }
    }

  private:
    void control(int operation, int descriptor, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        event.data.fd = descriptor;
        check(::epoll_ctl(epoll_, operation, descriptor, &event), "epoll_ctl");
    }

    int epoll_;
};

// --- the server

struct Served {
    char mode = 0;
    std::uint64_t swallowed = 0;
    std::string unsent;
};

// False: the connection is over.
bool serve_ready(int socket, Served& served, std::vector<char>& buffer, bool has_left) {
    if (served.mode == 'w')
        return !has_left;
    for (;;) {
        while (!served.unsent.empty()) {
            const ssize_t sent =
                ::send(socket, served.unsent.data(), served.unsent.size(), MSG_NOSIGNAL);
            if (sent < 0)
                return errno == EAGAIN;
            served.unsent.erase(0, static_cast<std::size_t>(sent));
        }
        const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (size < 0)
            return errno == EAGAIN;
        if (size == 0) {
            if (served.mode == 's')
                ::send(socket, &served.swallowed, sizeof served.swallowed, MSG_NOSIGNAL);
            return false;
        }
        std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
        if (served.mode == 0) {
            served.mode = bytes.front();
            bytes.remove_prefix(1);
        }
        if (served.mode == 'w')
            return true;
        if (served.mode == 's')
            served.swallowed += bytes.size();
        else
            served.unsent.append(bytes);
    }
}

int serve() {
    const int listener = check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    check(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
    check(::listen(listener, 4096), "listen");
    check(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    Poller poller;
    poller.add(listener, EPOLLIN);
    poller.add(STDIN_FILENO, EPOLLIN);
    std::map<int, Served> connections;
    std::vector<char> buffer(piece);
    bool ended = false;
    poller.run(
        [&](int descriptor, std::uint32_t events) {
            if (descriptor == STDIN_FILENO) {
                ended = true;
            } else if (descriptor == listener) {
                int socket = 0;
                while ((socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
                    without_delay(socket);
                    connections.emplace(socket, Served{});
                    poller.add(socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
                }
            } else if (!serve_ready(descriptor, connections[descriptor], buffer,
                                    (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)) {
                connections.erase(descriptor);
                ::close(descriptor);
            }
        },
        [&] { return ended; });
    return 0;
}

// --- the clients

int open_connection(const sockaddr_in& server) {
    const int socket = check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 &&
        errno != EINPROGRESS)
        die("connect");
    without_delay(socket);
    return socket;
}

class Times {
  public:
    void add(Clock::duration duration) { taken_.push_back(microseconds(duration)); }

    // `{"per_second": ..., "p50": ..., "p99": ...}`
    void print(Clock::duration whole) {
        std::sort(taken_.begin(), taken_.end());
        std::printf("{\"per_second\": %.1f, \"p50\": %.1f, \"p99\": %.1f}\n",
                    static_cast<double>(taken_.size()) * 1e6 / microseconds(whole),
                    taken_[taken_.size() / 2], taken_[taken_.size() * 99 / 100]);
    }

  private:
    std::vector<double> taken_;
};

int open_many(const sockaddr_in& server, std::size_t at_once, std::size_t total) {
    Poller poller;
    Times times;
    struct Attempt {
        Clock::time_point begin;
        bool sent = false;
    };
    std::map<int, Attempt> attempts;
    std::size_t begun = 0;
    std::size_t over = 0;
    const auto begin_one = [&] {
        ++begun;
        const auto now = Clock::now();
        const int socket = open_connection(server);
        attempts[socket] = Attempt{now};
        poller.add(socket, EPOLLIN | EPOLLOUT | EPOLLET);
    };
    const auto start = Clock::now();
    while (begun < std::min(at_once, total))
        begin_one();
    poller.run(
        [&](int socket, std::uint32_t events) {
            Attempt& attempt = attempts[socket];
            if (!attempt.sent && (events & EPOLLOUT) != 0) {
                if (::send(socket, "e.", 2, MSG_NOSIGNAL) != 2)
                    die("send");
                attempt.sent = true;
            }
            if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
                return;
            char byte = 0;
            const ssize_t size = ::recv(socket, &byte, 1, 0);
            if (size < 0 && errno == EAGAIN)
                return;
            if (size != 1)
                die("a connection ended without its byte");
            times.add(Clock::now() - attempt.begin);
            ::close(socket);
            attempts.erase(socket);
            ++over;
            if (begun < total)
                begin_one();
        },
        [&] { return over == total; });
    times.print(Clock::now() - start);
    return 0;
}

int turn_many(const sockaddr_in& server, std::size_t count, std::size_t bytes, std::size_t total) {
    Poller poller;
    Times times;
    struct Talk {
        Clock::time_point begin;
        std::size_t sent = 0;
        std::size_t received = 0;
        bool is_open = false;
    };
    const std::string message(bytes, 'm');
    std::vector<char> buffer(bytes);
    std::map<int, Talk> talks;
    std::size_t begun = 0;
    std::size_t over = 0;
    const auto send_rest = [&](int socket, Talk& talk) {
        const ssize_t sent =
            ::send(socket, message.data() + talk.sent, bytes - talk.sent, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            die("send");
        talk.sent += sent > 0 ? static_cast<std::size_t>(sent) : 0;
    };
    const auto begin_one = [&](int socket, Talk& talk) {
        if (begun == total)
            return;
        ++begun;
        talk = Talk{Clock::now(), 0, 0, true};
        send_rest(socket, talk);
    };
    for (std::size_t i = 0; i < count; ++i) {
        const int socket = open_connection(server);
        talks.emplace(socket, Talk{});
        poller.add(socket, EPOLLIN | EPOLLOUT | EPOLLET);
    }
    const auto start = Clock::now();
    poller.run(
        [&](int socket, std::uint32_t events) {
            Talk& talk = talks[socket];
            if (!talk.is_open && (events & EPOLLOUT) != 0) {
                if (::send(socket, "e", 1, MSG_NOSIGNAL) != 1)
                    die("send");
                begin_one(socket, talk);
            } else if (talk.sent < bytes && (events & EPOLLOUT) != 0) {
                send_rest(socket, talk);
            }
            for (;;) {
                const ssize_t size = ::recv(socket, buffer.data(), bytes - talk.received, 0);
                if (size < 0 && errno == EAGAIN)
                    return;
                if (size <= 0)
                    die("a connection ended");
                talk.received += static_cast<std::size_t>(size);
                if (talk.received < bytes)
                    continue;
                times.add(Clock::now() - talk.begin);
                ++over;
                begin_one(socket, talk);
                return;
            }
        },
        [&] { return over == total; });
    times.print(Clock::now() - start);
    return 0;
}

int send_bulk(const sockaddr_in& server, std::size_t count, std::size_t mebibytes) {
    Poller poller;
    struct Flow {
        std::uint64_t left;
        bool is_open = false;
        Clock::time_point end{};
    };
    const std::vector<char> data(piece, 'd');
    const std::uint64_t each = (static_cast<std::uint64_t>(mebibytes) << 20) / count;
    std::map<int, Flow> flows;
    std::size_t over = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const int socket = open_connection(server);
        flows.emplace(socket, Flow{each});
        poller.add(socket, EPOLLIN | EPOLLOUT);  // level-triggered: each in its turn
    }
    const auto start = Clock::now();
    poller.run(
        [&](int socket, std::uint32_t events) {
            Flow& flow = flows.at(socket);
            if (!flow.is_open && (events & EPOLLOUT) != 0) {
                flow.is_open = ::send(socket, "s", 1, MSG_NOSIGNAL) == 1;
                if (!flow.is_open)
                    die("send");
            }
            if (flow.is_open && flow.left > 0) {
                const ssize_t sent =
                    ::send(socket, data.data(), std::min<std::uint64_t>(flow.left, data.size()),
                           MSG_NOSIGNAL);
                if (sent < 0 && errno == EAGAIN)
                    return;
                if (sent < 0)
                    die("send");
                flow.left -= static_cast<std::uint64_t>(sent);
                if (flow.left == 0) {
                    ::shutdown(socket, SHUT_WR);
                    poller.change(socket, EPOLLIN);
                }
                return;
            }
            std::uint64_t answer = 0;
            const ssize_t size = ::recv(socket, &answer, sizeof answer, 0);
            if (size < 0 && errno == EAGAIN)
                return;
            if (size < 0)
                die("recv");
            if (size != sizeof answer || answer != each) {
                std::fprintf(stderr, "load: %llu bytes went in and %llu came out\n",
                             static_cast<unsigned long long>(each),
                             static_cast<unsigned long long>(answer));
                std::exit(1);
            }
            flow.end = Clock::now();
            ::close(socket);
            ++over;
        },
        [&] { return over == count; });
    const auto whole = Clock::now() - start;
    double sum = 0;
    double slowest = 0;
    for (const auto& [socket, flow] : flows) {
        sum += microseconds(flow.end - start);
        slowest = std::max(slowest, microseconds(flow.end - start));
    }
    // Of equal amounts, so that the ratio of rates is the inverse of the ratio of times.
    std::printf("{\"per_second\": %.1f, \"fairness\": %.3f}\n",
                static_cast<double>(mebibytes) * 1e6 / microseconds(whole),
                sum / static_cast<double>(count) / slowest);
    return 0;
}

int hold(const sockaddr_in& server, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const int socket = open_connection(server);
        check(::fcntl(socket, F_SETFL, 0), "fcntl");
        char byte = 0;
        if (::send(socket, "e.", 2, MSG_NOSIGNAL) != 2 || ::recv(socket, &byte, 1, 0) != 1)
            die("a connection ended without its byte");
    }
    std::printf("ready\n");
    std::fflush(stdout);
    return std::getchar() == EOF ? 0 : 1;
}

// Whole answers only. False: not all of it is there yet.
bool is_whole(const std::string& answer) {
    const std::size_t head = answer.find("\r\n\r\n");
    if (head == std::string::npos)
        return false;
    if (answer.rfind("HTTP/1.1 200 ", 0) != 0) {
        std::fprintf(stderr, "load: %s\n", answer.c_str());
        std::exit(1);
    }
    const std::size_t length = answer.find("Content-Length: ");
    return length < head &&
           answer.size() >= head + 4 + std::strtoul(answer.c_str() + length + 16, nullptr, 10);
}

int ask_many(const sockaddr_in& server, std::size_t count, std::size_t total) {
    std::string request;
    for (int byte = 0; (byte = std::getchar()) != EOF;)
        request.push_back(static_cast<char>(byte));
    Poller poller;
    Times times;
    struct Talk {
        Clock::time_point begin;
        std::string answer;
        bool is_open = false;
    };
    std::vector<char> buffer(piece);
    std::map<int, Talk> talks;
    std::size_t begun = 0;
    std::size_t over = 0;
    const auto begin_one = [&](int socket, Talk& talk) {
        if (begun == total)
            return;
        ++begun;
        talk = Talk{Clock::now(), {}, true};
        if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size()))
            die("send");
    };
    for (std::size_t i = 0; i < count; ++i) {
        const int socket = open_connection(server);
        talks.emplace(socket, Talk{});
        poller.add(socket, EPOLLIN | EPOLLOUT | EPOLLET);
    }
    const auto start = Clock::now();
    poller.run(
        [&](int socket, std::uint32_t events) {
            Talk& talk = talks[socket];
            if (!talk.is_open && (events & EPOLLOUT) != 0)
                begin_one(socket, talk);
            ssize_t size = 0;
            while ((size = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0) {
                talk.answer.append(buffer.data(), static_cast<std::size_t>(size));
                if (!is_whole(talk.answer))
                    continue;
                times.add(Clock::now() - talk.begin);
                ++over;
                begin_one(socket, talk);
            }
            if (size == 0 || errno != EAGAIN)
                die("a connection ended");
        },
        [&] { return over == total; });
    times.print(Clock::now() - start);
    return 0;
}

int stall(const sockaddr_in& server, std::size_t count) {
    constexpr int quiet_ms = 1000;
    const std::vector<char> data(piece, 'd');
    std::vector<pollfd> flows;
    for (std::size_t i = 0; i < count; ++i) {
        flows.push_back({.fd = open_connection(server), .events = POLLOUT, .revents = 0});
        pollfd& flow = flows.back();
        check(::poll(&flow, 1, -1), "poll");
        if (::send(flow.fd, "w", 1, MSG_NOSIGNAL) != 1)
            die("send");
    }
    while (check(::poll(flows.data(), flows.size(), quiet_ms), "poll") > 0)
        for (const pollfd& flow : flows)
            if (flow.revents != 0 && ::send(flow.fd, data.data(), data.size(), MSG_NOSIGNAL) < 0 &&
                errno != EAGAIN)
                die("send");
    std::printf("ready\n");
    std::fflush(stdout);
    return std::getchar() == EOF ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
    rlimit most{};
    ::getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &most);
    const std::string_view verb = count > 1 ? words[1] : "";
    const auto number = [&](int index) {
        return static_cast<std::size_t>(std::strtoul(words[index], nullptr, 10));
    };
    const sockaddr_in server = count > 2 ? address_of(words[2]) : sockaddr_in{};
    if (verb == "serve" && count == 2)
        return serve();
    if (verb == "open" && count == 5)
        return open_many(server, number(3), number(4));
    if (verb == "turn" && count == 6)
        return turn_many(server, number(3), number(4), number(5));
    if (verb == "bulk" && count == 5)
        return send_bulk(server, number(3), number(4));
    if (verb == "hold" && count == 4)
        return hold(server, number(3));
    if (verb == "ask" && count == 5)
        return ask_many(server, number(3), number(4));
    if (verb == "stall" && count == 4)
        return stall(server, number(3));
    std::fprintf(stderr,
                 "usage: load serve | open PORT AT_ONCE TOTAL | turn PORT CONNECTIONS BYTES TOTAL\n"
                 "            | bulk PORT CONNECTIONS MEBIBYTES | ask PORT CONNECTIONS TOTAL\n"
                 "            | hold|stall PORT CONNECTIONS\n");
    return 2;
}
