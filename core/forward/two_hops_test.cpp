// SPDX-License-Identifier: Apache-2.0

// Forwarder and proxy together: a TCP client on one end, a TCP target on the other, and what one of
// them does to the connection as the other sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/forward/forward.h"
#include "core/loop/event_loops.h"
#include "core/proxy/proxy.h"
#include "core/service/process_setup.h"
#include "core/stream/stream_io.h"
#include "core/testing/fake_resolver.h"
#include "core/testing/memory_log.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

// Everything until the end, and the error that it ended with, if any.
struct Rest {
    std::string text;
    boost::system::error_code error;
};

// With so many threads a hop.
class TwoHops : public testing::TestWithParam<std::size_t> {
  protected:
    TwoHops() { ignore_sigpipe(); }
    ~TwoHops() override {
        stop_at_once(*forward_);
        stop_at_once(*proxy_);
        run_until([this] { return running_ == 0; });
    }

    void start() {
        const std::string target = "127.0.0.1:" + std::to_string(target_.local_endpoint().port());
        dialer_.emplace(Allowlist({TargetRule::parse(target).value()}), resolver_);
        start_proxy(target);
        forward_.emplace(loops_.all(), enclave_, log_, forward_options_);
        entry_ = forward_->listen(parse_forward_route("0=3:8000").value()).value();
        spawn(context_, count(forward_->run()));
        // It takes the first loop of each hop, so that the next connection is another thread's.
        if (GetParam() > 1) {
            join();
            parked_ = {std::move(client_), std::move(server_)};
        }
    }
    void start_proxy(const std::string& target) {
        proxy_.emplace(loops_.all(), parent_, *dialer_, log_, proxy_options_);
        proxy_->listen(parse_proxy_route("8000=" + target).value()).value();
        spawn(context_, count(proxy_->run()));
    }
    // On the loop, as a signal does it.
    template <class Hop>
    void stop_at_once(Hop& hop) {
        asio::post(context_, [&hop] {
            hop.stop();
            hop.stop();
        });
    }
    asio::awaitable<void> count(asio::awaitable<void> work) {
        ++running_;
        co_await std::move(work);
        --running_;
    }

    // A connection from end to end over which something has gone each way.
    void join() {
        connect();
        server_ = stream_of(run([](tcp::acceptor& acceptor) -> asio::awaitable<tcp::socket> {
            auto accepted = co_await acceptor.async_accept(asio::use_awaitable);
            co_return accepted;
        }(target_)));
        say(client_, "request");
        EXPECT_EQ(hear(server_, 7), "request");
        say(server_, "part of the answer");
        EXPECT_EQ(hear(client_, 18), "part of the answer");
    }
    void connect() {
        tcp::socket client(context_);
        client.connect(entry_);
        client_ = stream_of(std::move(client));
    }

    template <class T>
    T run(asio::awaitable<T> work) {
        return core::run(context_, std::move(work));
    }
    // Another thread does not wake this one.
    void run_until(const std::function<bool()>& is_so) {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        context_.restart();
        while (!is_so() && std::chrono::steady_clock::now() < end) {
            context_.restart();
            context_.run_one_for(1ms);
        }
    }
    void expect_logged(const std::string& piece, std::ptrdiff_t times = 1) {
        run_until([&] {
            const auto lines = log_.lines();
            return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
                       return line.find(piece) != std::string::npos;
                   }) >= times;
        });
        EXPECT_THAT(log_.lines(),
                    Contains(HasSubstr(piece)).Times(testing::Ge(static_cast<int>(times))));
    }
    void say(Stream& stream, std::string_view text) { run(write_all(stream, text)).value(); }
    std::string hear(Stream& stream, std::size_t size) {
        std::string text(size, '\0');
        for (std::size_t heard = 0; heard < size;)
            heard += run(read_some(stream, std::span(text).subspan(heard))).value();
        return text;
    }
    Rest rest(Stream& stream) {
        Rest rest;
        std::array<char, 4096> buffer;
        while (true) {
            const auto got = run(read_some(stream, buffer));
            if (!got)
                rest.error = got.error().code;
            if (!got || *got == 0)
                return rest;
            rest.text.append(buffer.data(), *got);
        }
    }
    static void reset(Stream& stream) {
        stream.reset_when_closed();
        stream.close();
    }

    EventLoops loops_{GetParam(), {}};
    asio::io_context& context_ = loops_.first();
    MemoryNetwork network_;
    MemoryTransport parent_{network_, cid_parent};
    MemoryTransport enclave_{network_, 16};
    tcp::acceptor target_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    FakeResolver resolver_;
    ProxyOptions proxy_options_;
    ForwardOptions forward_options_;
    MemoryLog log_;
    std::optional<Dialer> dialer_;
    std::optional<Proxy> proxy_;
    std::optional<Forward> forward_;
    tcp::endpoint entry_;
    Stream client_;
    Stream server_;
    std::pair<Stream, Stream> parked_;
    int running_ = 0;
    LoopThreads threads_{loops_};
};

TEST_P(TwoHops, AnOrdinaryEndIsNoReset) {
    start();
    join();
    client_.shutdown_send();
    EXPECT_FALSE(rest(server_).error);
    say(server_, ", the rest");
    server_.close();
    const Rest answer = rest(client_);
    EXPECT_EQ(answer.text, ", the rest");
    EXPECT_FALSE(answer.error);
    expect_logged("closed: finished", 2);
}

TEST_P(TwoHops, ATargetsResetReachesTheClient) {
    start();
    join();
    say(server_, ", truncated");
    EXPECT_EQ(hear(client_, 11), ", truncated");
    reset(server_);
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
    expect_logged("closed: reset by target");
    expect_logged("closed: reset by vsock");
}

TEST_P(TwoHops, AClientsResetReachesTheTarget) {
    start();
    join();
    reset(client_);
    EXPECT_EQ(rest(server_).error, asio::error::connection_reset);
    expect_logged("closed: reset by client");
    expect_logged("closed: reset by enclave");
}

TEST_P(TwoHops, ATargetsResetReachesAClientThatHasEndedItsRequest) {
    start();
    join();
    client_.shutdown_send();
    EXPECT_FALSE(rest(server_).error);
    reset(server_);
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
}

TEST_P(TwoHops, AClientsResetReachesATargetThatHasEndedItsAnswer) {
    start();
    join();
    server_.shutdown_send();
    EXPECT_FALSE(rest(client_).error);
    reset(client_);
    EXPECT_EQ(rest(server_).error, asio::error::connection_reset);
}

TEST_P(TwoHops, ATargetThatCanNotBeReachedIsAResetToTheClient) {
    start();
    target_.close();
    connect();
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
}

TEST_P(TwoHops, WhatTheProxyCutsOffIsAResetOnBothEnds) {
    proxy_options_.relay.idle_timeout = 20ms;
    start();
    join();
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
    EXPECT_EQ(rest(server_).error, asio::error::connection_reset);
    expect_logged("closed: idle for too long");
}

TEST_P(TwoHops, WhatIsOpenWhenTheProxyEndsIsAResetToTheClient) {
    start();
    join();
    stop_at_once(*proxy_);
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
}

TEST_P(TwoHops, AForwarderFindsTheChannelOfAProxyThatWasStartedAgain) {
    start();
    join();
    stop_at_once(*proxy_);
    rest(client_);
    run_until([this] { return running_ == 1; });
    start_proxy("127.0.0.1:" + std::to_string(target_.local_endpoint().port()));
    // A forwarder asks once a second at the most.
    asio::steady_timer pause(context_, 1100ms);
    run([](asio::steady_timer& timer) -> asio::awaitable<bool> {
        co_await timer.async_wait(asio::use_awaitable);
        co_return true;
    }(pause));
    join();
    reset(server_);
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
}

TEST_P(TwoHops, WithoutAChannelTheLogAloneTellsOfAReset) {
    const auto taken = parent_.listen({cid_any, *reset_port(8000)}).value();
    start();
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("resets of connections to vsock 3:8000 will look "
                                                 "like an end of file")));
    join();
    reset(server_);
    EXPECT_FALSE(rest(client_).error);
    expect_logged("closed: reset by target");
}

// What its target does to it decides how each of many connections ends, on whatever threads.
TEST_P(TwoHops, ManyConnectionsAtOnceEachEndAsTheirTargetsEnd) {
    constexpr int connections = 300;
    constexpr int at_once = 30;
    start();
    int finished = 0;
    int reset = 0;
    int ended = 0;
    const auto serve = [](Stream stream) -> asio::awaitable<void> {
        std::array<char, 1> kind{};
        static_cast<void>(co_await read_some(stream, kind));
        static_cast<void>(co_await write_all(stream, "answer"));
        if (kind[0] == 'r')
            stream.reset_when_closed();
    };
    const auto accept = [](tcp::acceptor& from, asio::io_context& context,
                           auto& work) -> asio::awaitable<void> {
        for (int i = 0; i < connections; ++i) {
            auto accepted = co_await from.async_accept(asio::use_awaitable);
            spawn(context, work(stream_of(std::move(accepted))));
        }
    };
    spawn(context_, accept(target_, context_, serve));
    const auto ask = [&](Stream stream, bool wants_reset) -> asio::awaitable<void> {
        static_cast<void>(co_await write_all(stream, wants_reset ? "r" : "f"));
        std::array<char, 64> buffer;
        std::string text;
        while (true) {
            const auto got = co_await read_some(stream, buffer);
            if (got && *got > 0) {
                text.append(buffer.data(), *got);
                continue;
            }
            const bool was_reset = !got && got.error().code == asio::error::connection_reset;
            if (text == "answer" && was_reset == wants_reset)
                ++(was_reset ? reset : finished);
            break;
        }
        ++ended;
    };
    for (int i = 0; i < connections; ++i) {
        connect();
        spawn(context_, ask(std::move(client_), i % 3 == 0));
        run_until([&] { return i + 1 - ended < at_once; });
    }
    run_until([&] { return ended == connections; });
    EXPECT_EQ(reset, connections / 3);
    EXPECT_EQ(finished, connections - connections / 3);
}

INSTANTIATE_TEST_SUITE_P(Threads, TwoHops, testing::Values(1, 3));

}  // namespace
}  // namespace glovebox::core
