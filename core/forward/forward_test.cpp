// SPDX-License-Identifier: Apache-2.0

#include "core/forward/forward.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/dial/dialer.h"
#include "core/forward/forward_fixture.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ForwardTest, ATcpConnectionArrivesAtTheVsockAddress) {
    const auto listener = parent_.listen({cid_any, 8000}).value();
    const auto endpoint = start(route("0=3:8000"));
    Stream client = connect(endpoint);
    Connection server = run(listener->accept()).value();
    EXPECT_EQ(server.peer.cid, 16U);
    run(write_all(client, "ping")).value();
    client.shutdown_send();
    EXPECT_EQ(rest(server.stream).first, "ping");
    run(write_all(server.stream, "pong")).value();
    server.stream.close();
    EXPECT_EQ(rest(client), std::pair("pong"s, boost::system::error_code()));
    EXPECT_THAT(log_.lines(), Contains(AllOf(StartsWith("info: listening on 127.0.0.1:"),
                                             HasSubstr("-> vsock 3:8000"))));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("-> vsock 3:8000 open, from vsock 16:")));
}

TEST_F(ForwardTest, AReachlessVsockAddressIsAResetToTheClient) {
    Stream client = connect(start(route("0=3:8000")));
    EXPECT_EQ(rest(client).second, asio::error::connection_reset);
    EXPECT_THAT(log_.lines(), Contains(AllOf(StartsWith("warning: 127.0.0.1:"),
                                             HasSubstr("nobody listens on vsock 3:8000"))));
}

TEST_F(ForwardTest, CountsWhatItCarriesAndWhatItCanNot) {
    const auto listener = parent_.listen({cid_any, 8000}).value();
    const auto endpoint = start(route("0=3:8000"));
    Stream client = connect(endpoint);
    Connection server = run(listener->accept()).value();
    run(write_all(client, "ping")).value();
    client.shutdown_send();
    EXPECT_EQ(rest(server.stream).first, "ping");
    const std::string name = to_string(endpoint);
    const auto metric = [](std::string_view metric, std::string_view labels, int value) {
        return HasSubstr(fmt::format("glovebox_forward_{}{{{}}} {}\n", metric, labels, value));
    };
    const std::string here = fmt::format("listener=\"{}\"", name);
    EXPECT_THAT(options_.metrics->text(),
                AllOf(metric("open_connections", here, 1),
                      metric("bytes_total", here + ",direction=\"from_client\"", 4),
                      metric("cid_open_connections", "cid=\"3\"", 1),
                      metric("listener_info", here + ",target=\"3:8000\"", 1)));
    EXPECT_THAT(options_.metrics->connections_as_json(),
                AllOf(HasSubstr("\"listener\":\"" + name + "\",\"cid\":3,\"peer\":\"127.0.0.1:"),
                      HasSubstr("\"target\":\"3:8000\"")));
    server.stream.close();
    EXPECT_EQ(rest(client).first, "");
    client.close();
    Stream refused = connect(forward_->listen(route("0=3:8009")).value());
    EXPECT_EQ(rest(refused).second, asio::error::connection_reset);
    EXPECT_THAT(
        options_.metrics->text(),
        AllOf(metric("open_connections", here, 0), metric("connections_accepted_total", here, 1),
              HasSubstr(",reason=\"connect_failed\"} 1\n"),
              metric("cid_refusals_total", "cid=\"3\"", 1),
              metric("cid_connections_accepted_total", "cid=\"3\"", 2),
              testing::Not(HasSubstr("allowlist"))));
}

TEST_F(ForwardTest, AnHttpProxyThatIsNotThereIsA502WithTheCure) {
    Stream client = connect(start(parse_http_proxy_route("0=3:8001").value()));
    run(write_all(client, "CONNECT example.com:443 HTTP/1.1\r\n\r\n")).value();
    const auto [text, error] = rest(client);
    EXPECT_THAT(text, AllOf(StartsWith("HTTP/1.1 502 Bad Gateway\r\n"),
                            HasSubstr("glovebox proxy --listen 8001=connect")));
    EXPECT_FALSE(error);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("HTTPS_PROXY=http://127.0.0.1:")));
}

TEST_F(ForwardTest, AVsockAddressThatDoesNotAnswerIsGivenUp) {
    options_.connect_timeout = 20ms;
    network_.stall_connects(true);
    Stream client = connect(start(parse_http_proxy_route("0=3:8001").value()));
    EXPECT_THAT(rest(client).first, AllOf(StartsWith("HTTP/1.1 504 "), HasSubstr("20 ms")));
}

TEST_F(ForwardTest, APortThatIsTakenIsNamed) {
    const auto endpoint = start(route("0=3:8000"));
    const auto taken = forward_->listen(ForwardRoute{endpoint, VsockAddress{3, 8000}});
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message, AllOf(HasSubstr(to_string(endpoint)), HasSubstr("in use")));
}

TEST_F(ForwardTest, StopsWhenItsConnectionsHaveEnded) {
    const auto listener = parent_.listen({cid_any, 8000}).value();
    const auto endpoint = start(route("0=3:8000"));
    Stream client = connect(endpoint);
    Connection server = run(listener->accept()).value();
    forward_->stop();
    client.close();
    server.stream.close();
    const auto end = std::chrono::steady_clock::now() + test_patience;
    context_.restart();
    while (!ended_ && context_.run_one_until(end) > 0) {
    }
    EXPECT_TRUE(ended_);
    boost::system::error_code failure;
    tcp::socket late(context_);
    late.connect(endpoint, failure);
    EXPECT_EQ(failure, asio::error::connection_refused);
}

}  // namespace
}  // namespace glovebox::core
