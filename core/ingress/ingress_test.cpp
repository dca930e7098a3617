// SPDX-License-Identifier: Apache-2.0

// The forwarder with listeners that lead by name, behind load balancers and before servers that
// speak the PROXY protocol.

#include "core/ingress/ingress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/forward/forward.h"
#include "core/ingress/testing/client_hellos.h"
#include "core/service/process_setup.h"
#include "core/stream/socket_endpoint.h"
#include "core/stream/stream_io.h"
#include "core/testing/memory_log.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::make_address;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string hello_for_api = in_records(client_hello({server_name("api.example.com")}));
const std::string get_for_api = "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n";

class IngressTest : public testing::Test {
  protected:
    IngressTest()
        : parent_(network_, cid_parent),
          enclave_(network_, 16),
          server_(enclave_.listen({cid_any, 8443}).value()) {
        ignore_sigpipe();
        options_.ingress.routes.add(parse_name_route("api.example.com=16:8443").value());
    }

    void start(std::string_view listener = "0=by-name") {
        forward_.emplace(Loops{{context_.get_executor(), pipes_}}, parent_, log_, options_);
        endpoint_ = forward_->listen(parse_forward_route(listener).value()).value();
        spawn(context_, forward_->run());
    }

    template <class T>
    T run(asio::awaitable<T> work) {
        return core::run(context_, std::move(work));
    }

    Stream connect() {
        tcp::socket socket(context_);
        socket.connect(endpoint_);
        return stream_of(std::move(socket));
    }
    Stream say(std::string_view bytes) {
        Stream client = connect();
        run(write_all(client, bytes)).value();
        return client;
    }
    Stream accepted() { return std::move(run(server_->accept()).value().stream); }

    // So many bytes of what the peer sends.
    std::string read(Stream& stream, std::size_t size) {
        std::string text;
        std::array<char, 4096> buffer;
        while (text.size() < size) {
            const auto got = run(read_some(
                stream, std::span(buffer).first(std::min(buffer.size(), size - text.size()))));
            if (!got || *got == 0)
                return text + "(end)";
            text.append(buffer.data(), *got);
        }
        return text;
    }
    // The bytes up to the end, and whether the end was a reset.
    std::pair<std::string, bool> rest(Stream& stream) {
        std::string text;
        std::array<char, 4096> buffer;
        while (true) {
            const auto got = run(read_some(stream, buffer));
            if (!got)
                return {text, got.error().code == asio::error::connection_reset};
            if (*got == 0)
                return {text, false};
            text.append(buffer.data(), *got);
        }
    }

    asio::io_context context_;
    MemoryNetwork network_;
    MemoryTransport parent_;
    MemoryTransport enclave_;
    std::unique_ptr<Listener> server_;
    ForwardOptions options_;
    MemoryLog log_;
    PipePool pipes_;
    std::optional<Forward> forward_;
    tcp::endpoint endpoint_;
};

TEST_F(IngressTest, AServerReceivesEveryByteOfItsClient) {
    start();
    for (const std::string& opening : {hello_for_api, get_for_api}) {
        Stream client = say(opening + "more");
        Stream server = accepted();
        EXPECT_EQ(read(server, opening.size() + 4), opening + "more");
        run(write_all(server, "answer")).value();
        EXPECT_EQ(read(client, 6), "answer");
    }
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("-> api.example.com (vsock 16:8443) open")));
}

TEST_F(IngressTest, TheBytesOfTheOpeningAreTheFirstOnesThatAreLogged) {
    options_.first_bytes = 60;
    start();
    Stream client = say(get_for_api);
    Stream server = accepted();
    EXPECT_EQ(read(server, get_for_api.size()), get_for_api);
    run(write_all(server, "answer")).value();
    EXPECT_EQ(read(client, 6), "answer");
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("the client sent 41 bytes: GET / HTTP/1.1")));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("the target sent 6 bytes")));
}

TEST_F(IngressTest, TheBytesOfTheOpeningAreCounted) {
    start();
    Stream client = say(get_for_api);
    {
        Stream server = accepted();
        EXPECT_EQ(read(server, get_for_api.size()), get_for_api);
    }
    client.close();
    const auto closed =
        HasSubstr("closed: finished, " + std::to_string(get_for_api.size()) + " bytes from client");
    const auto end = std::chrono::steady_clock::now() + test_patience;
    context_.restart();
    while (!testing::Matches(Contains(closed))(log_.lines()) && context_.run_one_until(end) > 0) {
    }
    EXPECT_THAT(log_.lines(), Contains(closed));
}

TEST_F(IngressTest, TheOpeningMayComeInPieces) {
    start();
    Stream client = connect();
    const std::string hello = in_records(client_hello({server_name("api.example.com")}), 16);
    for (const char byte : hello)
        run(write_all(client, {&byte, 1})).value();
    Stream server = accepted();
    EXPECT_EQ(read(server, hello.size()), hello);
}

TEST_F(IngressTest, ANameWithoutARouteIsRefusedInTheClientsProtocol) {
    start();
    Stream tls = say(in_records(client_hello({server_name("www.example.com")})));
    EXPECT_EQ(rest(tls).first, to_record(TlsAlert::unrecognized_name));
    Stream nameless = say(in_records(client_hello({})));
    EXPECT_EQ(rest(nameless).first, to_record(TlsAlert::unrecognized_name));
    Stream http = say("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    EXPECT_THAT(rest(http).first, AllOf(StartsWith("HTTP/1.1 421 Misdirected Request\r\n"),
                                        HasSubstr("no route leads to www.example.com: add --route "
                                                  "www.example.com=CID:PORT")));
    EXPECT_THAT(log_.lines(),
                Contains(AllOf(StartsWith("warning: 127.0.0.1:"),
                               HasSubstr("refused: no route leads to www.example.com"))));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("it names no server in its ClientHello (SNI)")));
}

TEST_F(IngressTest, OtherProtocolsAreReset) {
    start();
    Stream client = say(std::string("\0\0\0\x08", 4));
    EXPECT_TRUE(rest(client).second);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("neither TLS nor HTTP")));
}

TEST_F(IngressTest, AClientThatSaysNothingIsNotWaitedForForever) {
    options_.ingress.head_timeout = 50ms;
    start();
    Stream silent = connect();
    EXPECT_TRUE(rest(silent).second);
    Stream slow_tls = say(hello_for_api.substr(0, 20));
    EXPECT_TRUE(rest(slow_tls).second);
    Stream slow_http = say("GET / HTTP/1.1\r\n");
    EXPECT_THAT(rest(slow_http).first, StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("no whole ClientHello came within 50 ms")));
}

TEST_F(IngressTest, AServerThatIsAwayIsToldInTheClientsProtocol) {
    server_.reset();
    start();
    Stream tls = say(hello_for_api);
    EXPECT_EQ(rest(tls).first, to_record(TlsAlert::internal_error));
    Stream http = say(get_for_api);
    EXPECT_THAT(rest(http).first, AllOf(StartsWith("HTTP/1.1 502 "),
                                        HasSubstr("the server of this name can't be reached")));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("nobody listens on vsock 16:8443")));
}

TEST_F(IngressTest, AServerMayLearnItsClientsAddress) {
    options_.ingress.proxy_protocol_to = {{16, port_any}};
    start();
    Stream client = say(get_for_api);
    const ProxiedEnds ends{local_endpoint(client.native_handle()), endpoint_};
    Stream server = accepted();
    const std::string expected =
        proxy_header(ends, {"api.example.com", std::nullopt}) + get_for_api;
    EXPECT_EQ(read(server, expected.size()), expected);
}

TEST_F(IngressTest, AServerMayLearnItOnAListenerOfItsOwn) {
    options_.ingress.proxy_protocol_to = {{16, 8443}};
    start("0=16:8443");
    Stream client = connect();
    Stream server = accepted();
    const std::string header =
        proxy_header({local_endpoint(client.native_handle()), endpoint_}, {});
    EXPECT_EQ(read(server, header.size()), header) << "before the client has said anything";
}

TEST_F(IngressTest, ALoadBalancerTellsTheClientsAddress) {
    options_.ingress.proxy_protocol_from = {IpNetwork::parse("127.0.0.0/8").value()};
    options_.ingress.proxy_protocol_to = {{16, 8443}};
    start();
    const ProxiedEnds ends{{make_address("203.0.113.7"), 51234}, {make_address("10.0.0.1"), 443}};
    Stream client = say(proxy_header(ends, {}) + hello_for_api);
    Stream server = accepted();
    const std::string expected =
        proxy_header(ends, {"api.example.com", std::nullopt}) + hello_for_api;
    EXPECT_EQ(read(server, expected.size()), expected);
    EXPECT_THAT(log_.lines(),
                Contains(HasSubstr("203.0.113.7:51234 -> api.example.com (vsock 16:8443) open")));
}

TEST_F(IngressTest, ALoadBalancersOwnConnectionHasItsOwnAddress) {
    options_.ingress.proxy_protocol_from = {IpNetwork::parse("127.0.0.1").value()};
    start("0=16:8443");
    std::string local = proxy_header({endpoint_, endpoint_}, {});
    local[12] = '\x20';
    Stream client = say(local + "ping");
    Stream server = accepted();
    EXPECT_EQ(read(server, 4), "ping");
    EXPECT_THAT(log_.lines(), Contains(AllOf(HasSubstr("127.0.0.1:"), HasSubstr("16:8443 open"))));
}

TEST_F(IngressTest, WithoutItsHeaderALoadBalancerIsRefused) {
    options_.ingress.proxy_protocol_from = {IpNetwork::parse("127.0.0.1").value()};
    options_.ingress.head_timeout = 50ms;
    start();
    Stream client = say(get_for_api);
    EXPECT_TRUE(rest(client).second);
    Stream silent = connect();
    EXPECT_TRUE(rest(silent).second);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("refused: no PROXY header (version 2) came")));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("no whole PROXY header came within 50 ms")));
}

TEST_F(IngressTest, AHeaderFromElsewhereIsNotBelieved) {
    options_.ingress.proxy_protocol_from = {IpNetwork::parse("10.0.0.0/8").value()};
    options_.ingress.proxy_protocol_to = {{16, 8443}};
    start("0=16:8443");
    const ProxiedEnds forged{{make_address("203.0.113.7"), 1}, {make_address("10.0.0.1"), 443}};
    Stream client = say(proxy_header(forged, {}));
    Stream server = accepted();
    const std::string header =
        proxy_header({local_endpoint(client.native_handle()), endpoint_}, {});
    EXPECT_EQ(read(server, header.size()), header);
    EXPECT_THAT(log_.lines(), Not(Contains(HasSubstr("203.0.113.7"))));
}

TEST_F(IngressTest, AClientBeyondItsLimitIsReset) {
    options_.ingress.limits = ClientLimits({.open_max = 1});
    options_.ingress.proxy_protocol_from = {IpNetwork::parse("127.0.0.1").value()};
    start("0=16:8443");
    const auto from = [&](const char* address) {
        return say(proxy_header({{make_address(address), 1}, endpoint_}, {}) + "x");
    };
    Stream first = from("203.0.113.7");
    Stream server = accepted();
    Stream second = from("203.0.113.7");
    EXPECT_TRUE(rest(second).second);
    Stream other = from("203.0.113.8");
    Stream other_server = accepted();
    EXPECT_EQ(read(other_server, 1), "x");
    EXPECT_THAT(log_.lines(), Contains(AllOf(HasSubstr("203.0.113.7:1 by 127.0.0.1:"),
                                             HasSubstr("203.0.113.7 has 1 connection open"))));
    // Its place is free once its connection has ended.
    first.close();
    EXPECT_EQ(rest(server).first, "x");
    server.close();
    const auto end = std::chrono::steady_clock::now() + test_patience;
    context_.restart();
    while (!testing::Matches(Contains(HasSubstr("203.0.113.7:1 -> vsock 16:8443 closed")))(
               log_.lines()) &&
           context_.run_one_until(end) > 0) {
    }
    Stream again = from("203.0.113.7");
    Stream again_server = accepted();
    EXPECT_EQ(read(again_server, 1), "x");
}

}  // namespace
}  // namespace glovebox::core
