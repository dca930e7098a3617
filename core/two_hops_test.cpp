// SPDX-License-Identifier: Apache-2.0

// Forwarder and proxy together: a TCP client on one end, a TCP target on the other, and what one of
// them does to the connection as the other sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>

#include "core/forward.h"
#include "core/process_setup.h"
#include "core/proxy.h"
#include "core/stream_io.h"
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

class TwoHops : public testing::Test {
  protected:
    TwoHops() { ignore_sigpipe(); }

    void start() {
        const std::string target = "127.0.0.1:" + std::to_string(target_.local_endpoint().port());
        dialer_.emplace(Allowlist({TargetRule::parse(target).value()}), resolver_);
        proxy_.emplace(context_.get_executor(), parent_, *dialer_, pipes_, log_, proxy_options_);
        proxy_->listen(parse_proxy_route("8000=" + target).value()).value();
        spawn(context_, proxy_->run());
        forward_.emplace(context_.get_executor(), enclave_, pipes_, log_, forward_options_);
        entry_ = forward_->listen(parse_forward_route("0=3:8000").value()).value();
        spawn(context_, forward_->run());
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

    asio::io_context context_;
    MemoryNetwork network_;
    MemoryTransport parent_{context_.get_executor(), network_, cid_parent};
    MemoryTransport enclave_{context_.get_executor(), network_, 16};
    tcp::acceptor target_{context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    FakeResolver resolver_;
    ProxyOptions proxy_options_;
    ForwardOptions forward_options_;
    MemoryLog log_;
    PipePool pipes_;
    std::optional<Dialer> dialer_;
    std::optional<Proxy> proxy_;
    std::optional<Forward> forward_;
    tcp::endpoint entry_;
    Stream client_;
    Stream server_;
};

TEST_F(TwoHops, AnOrdinaryEndIsNoReset) {
    start();
    join();
    client_.shutdown_send();
    EXPECT_FALSE(rest(server_).error);
    say(server_, ", the rest");
    server_.close();
    const Rest answer = rest(client_);
    EXPECT_EQ(answer.text, ", the rest");
    EXPECT_FALSE(answer.error);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: finished")).Times(2));
}

TEST_F(TwoHops, ATargetsResetReachesTheClient) {
    start();
    join();
    say(server_, ", truncated");
    EXPECT_EQ(hear(client_, 11), ", truncated");
    reset(server_);
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: reset by target")));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: reset by vsock")));
}

TEST_F(TwoHops, AClientsResetReachesTheTarget) {
    start();
    join();
    reset(client_);
    EXPECT_EQ(rest(server_).error, asio::error::connection_reset);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: reset by client")));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: reset by enclave")));
}

TEST_F(TwoHops, ATargetsResetReachesAClientThatHasEndedItsRequest) {
    start();
    join();
    client_.shutdown_send();
    EXPECT_FALSE(rest(server_).error);
    reset(server_);
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
}

TEST_F(TwoHops, AClientsResetReachesATargetThatHasEndedItsAnswer) {
    start();
    join();
    server_.shutdown_send();
    EXPECT_FALSE(rest(client_).error);
    reset(client_);
    EXPECT_EQ(rest(server_).error, asio::error::connection_reset);
}

TEST_F(TwoHops, ATargetThatCanNotBeReachedIsAResetToTheClient) {
    start();
    target_.close();
    connect();
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
}

TEST_F(TwoHops, WhatTheProxyCutsOffIsAResetOnBothEnds) {
    proxy_options_.relay.idle_timeout = 20ms;
    start();
    join();
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
    EXPECT_EQ(rest(server_).error, asio::error::connection_reset);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: idle for too long")));
}

TEST_F(TwoHops, WhatIsOpenWhenTheProxyEndsIsAResetToTheClient) {
    start();
    join();
    proxy_->stop();
    proxy_->stop();
    EXPECT_EQ(rest(client_).error, asio::error::connection_reset);
}

TEST_F(TwoHops, AForwarderFindsTheChannelOfAProxyThatWasStartedAgain) {
    start();
    join();
    proxy_->stop();
    proxy_->stop();
    rest(client_);
    context_.restart();
    while (context_.poll() > 0) {
    }
    proxy_.emplace(context_.get_executor(), parent_, *dialer_, pipes_, log_, proxy_options_);
    const std::string target = "127.0.0.1:" + std::to_string(target_.local_endpoint().port());
    proxy_->listen(parse_proxy_route("8000=" + target).value()).value();
    spawn(context_, proxy_->run());
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

TEST_F(TwoHops, WithoutAChannelTheLogAloneTellsOfAReset) {
    const auto taken = parent_.listen({cid_any, *reset_port(8000)}).value();
    start();
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("resets of connections to vsock 3:8000 will look "
                                                 "like an end of file")));
    join();
    reset(server_);
    EXPECT_FALSE(rest(client_).error);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: reset by target")));
}

}  // namespace
}  // namespace glovebox::core
