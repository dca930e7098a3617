// SPDX-License-Identifier: Apache-2.0

// Each test forks a child into a network namespace of its own, and its programs are sockets there.
#include "core/egress/egress.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "core/base/testing/temporary_directory.h"
#include "core/service/process_setup.h"
#include "core/stream/stream_io.h"
#include "core/testing/fresh_network.h"
#include "core/testing/memory_log.h"
#include "core/testing/memory_transport.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::uint16_t name_port = 53;

sockaddr_in ipv4_endpoint(const std::string& address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &result.sin_addr);
    return result;
}

const sockaddr* any_address(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// A socket whose calls end after a while.
UniqueFd client_socket(int type) {
    UniqueFd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const timeval patience{10, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket;
}

std::string query_for(const std::string& name) {
    std::string query("\x12\x34\x01\0\0\1\0\0\0\0\0\0", 12);
    for (std::size_t start = 0; start < name.size();) {
        const std::size_t dot = std::min(name.find('.', start), name.size());
        query += static_cast<char>(dot - start);
        query += name.substr(start, dot - start);
        start = dot + 1;
    }
    return query + std::string("\0\0\1\0\1", 5);
}

// The address in an answer; empty without one, or the status if that is not 0.
std::string address_in(const std::string& answer) {
    if (answer.size() >= 12 && (answer[3] & 0x0f) != 0)
        return fmt::format("status {}", answer[3] & 0x0f);
    if (answer.size() < 16 || answer[7] != 1)
        return {};
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, answer.data() + answer.size() - 4, text.data(), text.size());
    return text.data();
}

// As a resolver asks a name server; a connected socket takes the answers of that address alone.
std::string address_of_name(const std::string& name, const std::string& server = "127.0.0.1") {
    const UniqueFd socket = client_socket(SOCK_DGRAM);
    const sockaddr_in to = ipv4_endpoint(server, name_port);
    const std::string query = query_for(name);
    std::string answer(512, '\0');
    if (::connect(socket.get(), any_address(to), sizeof to) != 0 ||
        ::send(socket.get(), query.data(), query.size(), 0) < 0)
        return "unsent";
    const ssize_t size = ::recv(socket.get(), answer.data(), answer.size(), 0);
    answer.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return address_in(answer);
}

// Two queries on one connection.
std::string address_by_tcp(const std::string& name) {
    const UniqueFd socket = client_socket(SOCK_STREAM);
    const sockaddr_in to = ipv4_endpoint("127.0.0.1", name_port);
    const std::string query = query_for(name);
    const std::string framed = std::string{'\0', static_cast<char>(query.size())} + query;
    std::string last;
    if (::connect(socket.get(), any_address(to), sizeof to) != 0 ||
        ::send(socket.get(), (framed + framed).data(), 2 * framed.size(), MSG_NOSIGNAL) < 0)
        return "unsent";
    for (int i = 0; i < 2; ++i) {
        std::array<unsigned char, 2> head{};
        if (::recv(socket.get(), head.data(), 2, MSG_WAITALL) != 2)
            return "silent";
        last.resize(head[1]);
        if (::recv(socket.get(), last.data(), last.size(), MSG_WAITALL) !=
            static_cast<ssize_t>(last.size()))
            return "cut";
    }
    return address_in(last);
}

// What a program reads from there until the end, and "reset" at a reset.
std::string answer_from(const std::string& address, std::uint16_t port,
                        const std::string& text = "hello") {
    const UniqueFd socket = client_socket(SOCK_STREAM);
    const sockaddr_in to = ipv4_endpoint(address, port);
    if (::connect(socket.get(), any_address(to), sizeof to) != 0)
        return errno == ECONNREFUSED ? "refused" : "unconnected";
    // The reset may be here already: its error is that of the first call alone.
    if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0 && errno == ECONNRESET)
        return "reset";
    ::shutdown(socket.get(), SHUT_WR);
    std::string answer;
    std::array<char, 4096> buffer;
    while (true) {
        const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (size == 0)
            return answer;
        if (size < 0)
            return answer + (errno == ECONNRESET ? "reset" : "silent");
        answer.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

// The parent's proxy in this process, which answers each request with its own text behind `head`.
class EgressWorld {
  public:
    explicit EgressWorld(EgressOptions options, std::string head = "HTTP/1.1 200 OK\r\n\r\n",
                         bool has_proxy = true)
        : head_(std::move(head)),
          parent_(network_, cid_parent),
          enclave_(network_, 16),
          forward_(Loops{{context_.get_executor(), pipes_}}, enclave_, log_),
          egress_(context_.get_executor(), enclave_, names_, forward_, pipes_, log_,
                  std::move(options)) {
        ignore_sigpipe();
        if (has_proxy)
            listener_ = parent_.listen({cid_any, 8001}).value();
    }
    ~EgressWorld() {
        asio::post(context_, [this] {
            forward_.stop();
            forward_.stop();
            egress_.stop();
            if (listener_)
                listener_->close();
        });
        if (thread_.joinable())
            thread_.join();
    }

    void start() {
        egress_.listen().value();
        if (listener_)
            asio::co_spawn(context_, serve(), asio::detached);
        asio::co_spawn(context_, forward_.run(), asio::detached);
        asio::co_spawn(context_, egress_.run(), asio::detached);
        thread_ = std::thread([this] { context_.run(); });
    }

    MemoryLog& log() { return log_; }
    // How many requests the proxy has answered.
    [[nodiscard]] int answers() const { return answers_; }
    [[nodiscard]] bool has_logged(const std::string& piece) {
        std::promise<bool> found;
        asio::post(context_, [&] {
            bool any = false;
            for (const std::string& line : log_.lines())
                any |= line.find(piece) != std::string::npos;
            found.set_value(any);
        });
        return found.get_future().get();
    }

  private:
    asio::awaitable<void> serve() {
        while (true) {
            auto accepted = co_await listener_->accept();
            if (!accepted)
                co_return;
            asio::co_spawn(context_, answer(std::move(accepted->stream)), asio::detached);
        }
    }

    asio::awaitable<void> answer(Stream stream) {
        std::string request;
        std::array<char, 4096> buffer;
        while (request.find("\r\n\r\n") == std::string::npos) {
            const auto got = co_await read_some(stream, buffer);
            if (!got || *got == 0)
                co_return;
            request.append(buffer.data(), *got);
        }
        ++answers_;
        static_cast<void>(co_await write_all(stream, head_));
        const std::size_t end = request.find("\r\n\r\n") + 4;
        std::string text = request.substr(0, request.find(" HTTP")) + "|" + request.substr(end);
        static_cast<void>(co_await write_all(stream, text));
        while (true) {
            const auto got = co_await read_some(stream, buffer);
            if (!got || *got == 0)
                break;
            const std::string more(buffer.data(), *got);
            static_cast<void>(co_await write_all(stream, more));
        }
        stream.shutdown_send();
    }

    std::string head_;
    std::atomic<int> answers_ = 0;
    asio::io_context context_{1};
    MemoryNetwork network_;
    MemoryTransport parent_;
    MemoryTransport enclave_;
    MemoryLog log_;
    PipePool pipes_;
    NameAddresses names_;
    Forward forward_;
    Egress egress_;
    std::unique_ptr<Listener> listener_;
    std::thread thread_;
};

// Runs the checks in a network of their own: each compares, and prints what differs.
class Checks {
  public:
    void equal(const std::string& seen, const std::string& expected, int line) {
        if (seen == expected)
            return;
        fmt::print(stderr, "line {}: \"{}\" instead of \"{}\"\n", line, seen, expected);
        failed_ = true;
    }
    [[nodiscard]] int status() const { return failed_ ? 1 : 0; }

  private:
    bool failed_ = false;
};
#define SAME(seen, expected) checks.equal(seen, expected, __LINE__)

void in_a_network(const std::function<void(Checks&)>& work) {
    const int status = in_fresh_network([&] {
        Checks checks;
        try {
            work(checks);
        } catch (const std::exception& thrown) {
            fmt::print(stderr, "{}\n", thrown.what());
            return 1;
        }
        return checks.status();
    });
    SKIP_WITHOUT_NAMESPACES(status);
    EXPECT_EQ(status, 0);
}

TEST(Egress, AConnectionToANamesAddressIsAskedForByTheName) {
    in_a_network([](Checks& checks) {
        EgressWorld world({.ports = {80, 443}});
        world.start();
        SAME(address_of_name("Example.com"), "198.18.0.2");
        SAME(address_of_name("example.org"), "198.18.0.3");
        SAME(address_by_tcp("example.com"), "198.18.0.2");
        SAME(answer_from("198.18.0.2", 443), "CONNECT example.com:443|hello");
        SAME(answer_from("198.18.0.3", 443), "CONNECT example.org:443|hello");
        SAME(answer_from("198.18.0.3", 80, std::string(300'000, 'x')),
             "CONNECT example.org:80|" + std::string(300'000, 'x'));
        SAME(answer_from("198.18.0.3", 81), "refused");
    });
}

TEST(Egress, AnyNameServersAddressAnswers) {
    in_a_network([](Checks& checks) {
        EgressWorld world({});
        world.start();
        SAME(address_of_name("example.com", "10.0.0.2"), "198.18.0.2");
        SAME(address_of_name("example.com", "8.8.8.8"), "198.18.0.2");
        SAME(address_of_name("example.com", "127.0.0.53"), "198.18.0.2");
        SAME(address_of_name("localhost"), "127.0.0.1");
        SAME(address_of_name("a.localhost"), "127.0.0.1");
    });
}

TEST(Egress, ALiteralAddressIsAskedForAsItIs) {
    in_a_network([](Checks& checks) {
        EgressWorld world({});
        world.start();
        SAME(answer_from("192.0.2.7", 443), "CONNECT 192.0.2.7:443|hello");
        SAME(answer_from("169.254.169.254", 80), "CONNECT 169.254.169.254:80|hello");
        // The enclave's own host, and a name's address that no name has.
        SAME(answer_from("127.0.0.1", 443), "reset");
        SAME(answer_from("198.18.7.7", 443), "reset");
        SAME(world.has_logged("no name has this address") ? "yes" : "no", "yes");
    });
}

TEST(Egress, ARefusalIsAResetAndTheLogHasTheReason) {
    in_a_network([](Checks& checks) {
        EgressWorld world({}, "HTTP/1.1 403 Forbidden\r\n\r\nexample.com:443 needs a rule\n");
        world.start();
        SAME(answer_from(address_of_name("example.com"), 443), "reset");
        SAME(world.has_logged("-> example.com:443 failed: the proxy answers 403: "
                              "example.com:443 needs a rule")
                 ? "yes"
                 : "no",
             "yes");
    });
}

TEST(Egress, ANameThatTheAllowlistCanNeverOpenDoesNotExist) {
    in_a_network([](Checks& checks) {
        EgressWorld world({.ports = {80}, .shared_ports = {443}},
                          "HTTP/1.1 403 Forbidden\r\n"
                          "Proxy-Status: glovebox; error=http_request_denied\r\n"
                          "\r\nexample.com:443 needs a rule\nasked: ");
        world.start();
        SAME(address_of_name("example.com"), "status 3");
        SAME(address_by_tcp("example.com"), "status 3");
        SAME(address_of_name("localhost"), "127.0.0.1");
        SAME(world.has_logged("warning: example.com has no address for programs here: the proxy "
                              "answers: example.com:443 needs a rule")
                 ? "yes"
                 : "no",
             "yes");
        SAME(fmt::format("{}", world.answers()), "1");
        SAME(answer_from("192.0.2.7", 80), "reset");
    });
}

TEST(Egress, AParentWithoutAProxyIsAReset) {
    in_a_network([](Checks& checks) {
        EgressWorld world({}, {}, false);
        world.start();
        SAME(answer_from(address_of_name("example.com"), 443), "reset");
        SAME(world.has_logged("glovebox proxy --listen 8001=connect") ? "yes" : "no", "yes");
    });
}

TEST(Egress, AListenerThatIsNoProxyIsAReset) {
    in_a_network([](Checks& checks) {
        EgressWorld world({}, "SSH-2.0-OpenSSH_9.2\r\n");
        world.start();
        SAME(answer_from(address_of_name("example.com"), 443), "reset");
        SAME(world.has_logged("something else than HTTP") ? "yes" : "no", "yes");
    });
}

// Binds a listener as a program does.
UniqueFd listen_as_program(const std::string& address, std::uint16_t port) {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in at = ipv4_endpoint(address, port);
    if (::bind(socket.get(), any_address(at), sizeof at) != 0 || ::listen(socket.get(), 5) != 0)
        socket.reset();
    return socket;
}

TEST(Egress, ASharedPortLeavesLoopbackToAProgram) {
    in_a_network([](Checks& checks) {
        EgressWorld world({.ports = {443}, .shared_ports = {80}});
        world.start();
        const UniqueFd own = listen_as_program("127.0.0.1", 80);
        SAME(own ? "listens" : std::strerror(errno), "listens");
        SAME(listen_as_program("127.0.0.1", 443) ? "listens" : "taken", "taken");
        SAME(answer_from(address_of_name("example.com"), 80), "CONNECT example.com:80|hello");
        SAME(answer_from("192.0.2.7", 80), "refused");
    });
}

TEST(Egress, APortThatAProgramHasIsShared) {
    in_a_network([](Checks& checks) {
        if (std::system("ip link set lo up") != 0)
            throw std::runtime_error("lo stays down");
        const UniqueFd own = listen_as_program("127.0.0.1", 80);
        EgressWorld world({.ports = {80}});
        world.start();
        SAME(world.has_logged("a program's own already") ? "yes" : "no", "yes");
        SAME(answer_from(address_of_name("example.com"), 80), "CONNECT example.com:80|hello");
    });
}

// The names' listener of the other family is at every address already.
TEST(Egress, APortThatAProgramHasInOneFamilyServesNamesInBoth) {
    in_a_network([](Checks& checks) {
        if (std::system("ip link set lo up") != 0)
            throw std::runtime_error("lo stays down");
        const UniqueFd own(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in6 at{};
        at.sin6_family = AF_INET6;
        at.sin6_addr = in6addr_loopback;
        at.sin6_port = htons(80);
        if (::bind(own.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
            ::listen(own.get(), 5) != 0)
            return;  // no IPv6 in this kernel
        EgressWorld world({.ports = {80}});
        world.start();
        SAME(answer_from(address_of_name("example.com"), 80), "CONNECT example.com:80|hello");
        SAME(world.has_logged("can't go out") ? "yes" : "no", "no");
        SAME(answer_from("192.0.2.7", 80), "CONNECT 192.0.2.7:80|hello");
    });
}

TEST(Egress, NoMorePortsAreSharedThanNamesCanBeListenedOnAt) {
    in_a_network([](Checks& checks) {
        EgressOptions options{.ports = {}};
        for (TcpPort port = 1000; port <= 1000 + egress_shared_ports_max; ++port)
            options.shared_ports.push_back(port);
        EgressWorld world(options);
        std::string refusal;
        try {
            world.start();
        } catch (const std::exception& thrown) {
            refusal = thrown.what();
        }
        SAME(refusal.find("at most 16 can be shared") != std::string::npos ? "yes" : refusal,
             "yes");
    });
}

TEST(Egress, AListOfDomainsToSearchIsWarnedOf) {
    const TemporaryDirectory folder;
    const std::string path = folder / "resolv.conf";
    std::ofstream(path) << "search cluster.local\noptions ndots:5\n";
    in_a_network([&path](Checks& checks) {
        EgressWorld world({.resolv_conf = path});
        world.start();
        SAME(address_of_name("example.com"), "198.18.0.2");
        SAME(world.has_logged("programs ask for NAME.cluster.local") ? "yes" : "no", "no");
        SAME(address_of_name("example.com.cluster.local"), "198.18.0.3");
        SAME(world.has_logged("programs ask for NAME.cluster.local before NAME") ? "yes" : "no",
             "yes");
    });
}

TEST(EgressPorts, TheNameServersIsNone) {
    EXPECT_EQ(parse_egress_ports("80,443").value(), (std::vector<TcpPort>{80, 443}));
    EXPECT_THAT(parse_egress_ports("50-60").error().message,
                ::testing::HasSubstr("port 53, which is the name server's own"));
    EXPECT_FALSE(parse_egress_shared_ports("53"));
}

TEST(EgressPorts, FewAreShared) {
    EXPECT_EQ(parse_egress_shared_ports("8000-8015").value().size(), egress_shared_ports_max);
    EXPECT_THAT(parse_egress_shared_ports("8000-8016").error().message,
                ::testing::HasSubstr("has 17 ports, and at most 16 can be shared"));
}

TEST(EgressPorts, TheirListenersAreCounted) {
    EXPECT_EQ(egress_listeners_max({.ports = {80, 443}}), 8U);
    EXPECT_EQ(egress_listeners_max({.ports = {80}, .shared_ports = {443}}), 6U + 256U);
}

TEST(Egress, SharedListenersAreBounded) {
    in_a_network([](Checks& checks) {
        EgressWorld world({.ports = {}, .shared_ports = {80}, .shared_listeners_max = 2});
        world.start();
        const std::string first = address_of_name("one.example");
        const std::string second = address_of_name("two.example");
        SAME(address_of_name("one.example"), first);
        SAME(address_of_name("three.example"), "198.18.0.4");
        SAME(answer_from(second, 80), "refused");
        SAME(answer_from(first, 80), "CONNECT one.example:80|hello");
        SAME(address_of_name("two.example"), second);
        SAME(answer_from(second, 80), "CONNECT two.example:80|hello");
    });
}

TEST(Egress, AThousandNamesHaveAnAddressEach) {
    in_a_network([](Checks& checks) {
        EgressWorld world({});
        world.start();
        for (int i = 0; i < 1000; ++i)
            static_cast<void>(address_of_name(fmt::format("host{}.example.com", i)));
        for (const int i : {0, 1, 499, 999})
            SAME(answer_from(address_of_name(fmt::format("host{}.example.com", i)), 443),
                 fmt::format("CONNECT host{}.example.com:443|hello", i));
    });
}

}  // namespace
}  // namespace glovebox::core
