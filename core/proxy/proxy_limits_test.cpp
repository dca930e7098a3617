// SPDX-License-Identifier: Apache-2.0

// How many connections a proxy has at a time, and what becomes of the others.
#include <vector>

#include "core/proxy/proxy_fixture.h"

namespace glovebox::core {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST_F(ProxyTest, ConnectionsBeyondTheLimitWaitForTheirTurn) {
    options_.slots.open_max = 3;
    const auto address = start({"target"}, "8000=" + target_text_);
    std::vector<Stream> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(connect(address));
    Stream first = accept();
    Stream second = accept();
    context_.restart();
    while (context_.poll() > 0) {
    }
    target_.non_blocking(true);
    boost::system::error_code failure;
    tcp::socket none(context_);
    target_.accept(none, failure);
    EXPECT_EQ(failure, asio::error::would_block);
    EXPECT_THAT(log_.lines(),
                Contains(HasSubstr("CID 16 has 2 of 3 connections: further ones wait")));
    first.close();
    clients[0].close();
    Stream third = accept();
    say(clients[2], "my turn");
    EXPECT_EQ(hear(third, 7), "my turn");
}

TEST_F(ProxyTest, ConnectionsBeyondWhatMayWaitAreRefused) {
    options_.slots = {.open_max = 1, .waiting_max = 1};
    const auto address = start({"target"}, "8000=" + target_text_);
    std::vector<Stream> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(connect(address));
    Stream first = accept();
    EXPECT_EQ(rest(clients[2]), "");
    first.close();
    clients[0].close();
    Stream second = accept();
    say(clients[1], "my turn");
    EXPECT_EQ(hear(second, 7), "my turn");
}

TEST_F(ProxyTest, AConnectionThatFindsAllPlacesTakenWhenTheListenersGoToASuccessorIsServed) {
    options_.slots = {.open_max = 1, .waiting_max = 1, .by_peer = false};
    const auto address = start({"target"}, "8000=" + target_text_);
    std::vector<Stream> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(connect(address));
    Stream server = accept();
    context_.restart();
    context_.poll();
    proxy_->drain();
    for (std::size_t i = 1; i < clients.size(); ++i) {
        clients[i - 1].close();
        server.close();
        server = accept();
        say(clients[i], "my turn");
        EXPECT_EQ(hear(server, 7), "my turn");
    }
    clients.back().close();
    server.close();
    run_until_ended();
    EXPECT_TRUE(ended_);
}

TEST_F(ProxyTest, OneCidLeavesSlotsForAnother) {
    options_.slots = {.open_max = 8, .waiting_max = 8};
    const auto address = start({"target"}, "8000=" + target_text_);
    std::vector<Stream> clients;
    for (int i = 0; i < 10; ++i)
        clients.push_back(connect(address));
    std::vector<Stream> servers;
    for (int i = 0; i < 7; ++i)
        servers.push_back(accept());
    MemoryTransport other(network_, 18);
    Stream client = std::move(run(other.connect(address, std::chrono::seconds(10))).value().stream);
    Stream server = accept();
    say(client, "I am another");
    EXPECT_EQ(hear(server, 12), "I am another");
}

TEST_F(ProxyTest, ATargetThatNeverAnswersLeavesSlotsForAnotherListener) {
    options_.slots = {.open_max = 16, .waiting_max = 16};
    const auto silent = start({"target"}, "8000=" + target_text_);
    const auto healthy = proxy_->listen(parse_proxy_route("8001=" + target_text_).value()).value();
    std::vector<Stream> clients;
    for (int i = 0; i < 16; ++i)
        clients.push_back(connect(silent));
    std::vector<Stream> servers;
    for (int i = 0; i < 13; ++i)
        servers.push_back(accept());
    Stream client = connect(healthy);
    Stream server = accept();
    say(client, "I am at another");
    EXPECT_EQ(hear(server, 15), "I am at another");
}

}  // namespace
}  // namespace glovebox::core
