// SPDX-License-Identifier: Apache-2.0

// The proxy from end to end: a client over the memory transport, a target on loopback.
#include "core/proxy/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/proxy/proxy_fixture.h"

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

TEST_F(ProxyTest, AFixedTargetIsReachedAndTheLogTellsTheStory) {
    const auto address = start({"target"}, "8000=" + target_text_);
    EXPECT_EQ(address, (VsockAddress{cid_parent, 8000}));
    Stream client = connect(address);
    Stream server = accept();
    say(client, "ping");
    EXPECT_EQ(hear(server, 4), "ping");
    say(server, "pong!");
    server.close();
    EXPECT_EQ(rest(client), "pong!");
    client.close();
    run_until_logged("closed");
    EXPECT_THAT(log_.lines(),
                testing::ElementsAre(
                    "info: listening on vsock 3:8000 -> " + target_text_,
                    AllOf(StartsWith("info: 16:"), HasSubstr(" -> " + target_text_ + " open")),
                    HasSubstr("closed: finished, 4 bytes from enclave, 5 bytes from target")));
}

TEST_F(ProxyTest, AConnectRequestOpensATunnel) {
    const auto address = start({"target"}, "8001=connect");
    Stream client = connect(address);
    say(client, connect_head(target_text_));
    Stream server = accept();
    EXPECT_EQ(hear(client, 39), "HTTP/1.1 200 Connection established\r\n\r\n");
    say(client, "hello");
    EXPECT_EQ(hear(server, 5), "hello");
    server.close();
    EXPECT_EQ(rest(client), "");
}

TEST_F(ProxyTest, ASocksRequestOpensATunnelOnTheSamePort) {
    resolver_.answer("app.example", {"127.0.0.1"});
    const auto port = target_.local_endpoint().port();
    const auto address = start({"target"}, "8001=connect");
    Stream client = connect(address);
    say(client, "\x05\x01\x00"s);
    EXPECT_EQ(hear(client, 2), "\x05\x00"s);
    say(client, "\x05\x01\x00\x03\x0b"s + "app.example" + static_cast<char>(port >> 8) +
                    static_cast<char>(port & 0xff) + "early");
    Stream server = accept();
    EXPECT_EQ(hear(server, 5), "early");
    EXPECT_EQ(hear(client, 10), "\x05\x00\x00\x01\0\0\0\0\0\0"s);
    say(server, "hello");
    server.close();
    EXPECT_EQ(rest(client), "hello");
}

TEST_F(ProxyTest, ARefusalBySocksHasItsNumberAndTheLogItsSentence) {
    const auto address = start({"other.example:443"}, "8001=connect");
    EXPECT_EQ(answer_to(address,
                        "\x05\x01\x00\x05\x01\x00\x03\x09"
                        "a.example\x01\xbb"s),
              "\x05\x00\x05\x02\x00\x01\0\0\0\0\0\0"s);
    EXPECT_EQ(answer_to(address,
                        "\x05\x01\x00\x05\x02\x00\x03\x09"
                        "a.example\x01\xbb"s),
              "\x05\x00\x05\x07\x00\x01\0\0\0\0\0\0"s);
    // No method: RFC 1928 has the client close then, and nothing follows.
    EXPECT_EQ(answer_to(address, "\x05\x01\x02"s), "\x05\xff"s);
    EXPECT_EQ(answer_to(address, "\x04\x01\x01\xbb\xc0\x00\x02\x07\x00"s), "\0\x5b\0\0\0\0\0\0"s);
    EXPECT_THAT(log_.lines(), Contains(AllOf(HasSubstr("SOCKS refused with 2"),
                                             HasSubstr("add the rule a.example:443 to open it"))));
}

TEST_F(ProxyTest, OneConnectionAsksForSeveralUrlsAndThenForATunnel) {
    const auto address = start({"target"}, "8001=connect");
    Stream client = connect(address);
    for (const std::string path : {"/one", "/two"}) {
        say(client, "GET http://" + target_text_ + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        Stream server = accept();
        EXPECT_THAT(hear(server, 60),
                    StartsWith("GET " + path + " HTTP/1.1\r\nHost: " + target_text_));
        say(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        EXPECT_THAT(hear(client, 59), testing::EndsWith("\r\n\r\nok"));
    }
    run_until_logged(" GET http://" + target_text_ + " (" + target_text_ + ") answered: ");
    say(client, connect_head(target_text_));
    Stream server = accept();
    EXPECT_THAT(hear(client, 39), StartsWith("HTTP/1.1 200 Connection established"));
    say(client, "through");
    EXPECT_EQ(hear(server, 7), "through");
}

TEST_F(ProxyTest, EachUrlOfAConnectionIsJudged) {
    resolver_.answer("rebound.example", {"127.0.0.1"});
    const auto address = start({"target", "rebound.example:80"}, "8001=connect");
    EXPECT_THAT(
        answer_to(address, "GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("add the rule other.example:80 to open it")));
    EXPECT_THAT(answer_to(address, "GET http://rebound.example/ HTTP/1.1\r\nHost: x\r\n\r\n"),
                StartsWith("HTTP/1.1 403 "));
    // The second of two, which came with the first.
    Stream client = connect(address);
    say(client, "GET http://" + target_text_ +
                    " HTTP/1.1\r\nHost: x\r\n\r\nGET http://"
                    "169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n");
    Stream server = accept();
    say(server, "HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_THAT(rest(client), AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("HTTP/1.1 403 ")));
}

TEST_F(ProxyTest, ABrokenResponseIsAReset) {
    const auto address = start({"target"}, "8001=connect");
    Stream client = connect(address);
    say(client, "GET http://" + target_text_ + " HTTP/1.0\r\n\r\n");
    Stream server = accept();
    EXPECT_THAT(hear(server, 40), StartsWith("GET / HTTP/1.1"));
    server.reset_when_closed();
    server.close();
    EXPECT_THAT(rest(client),
                AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("error=connection_terminated")));
    run_until_logged("failed: the target broke off");
}

TEST_F(ProxyTest, AConnectionBetweenTwoRequestsDoesNotHoldUpTheEnd) {
    options_.grace = std::chrono::hours(1);
    const auto address = start({"target"}, "8001=connect");
    Stream client = connect(address);
    say(client, "GET http://" + target_text_ + " HTTP/1.1\r\nHost: x\r\n\r\n");
    Stream server = accept();
    say(server, "HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_THAT(hear(client, 46), StartsWith("HTTP/1.1 204 "));
    run_until_logged(" answered: ");
    proxy_->stop();
    EXPECT_EQ(rest(client), "");
    run_until_ended();
    EXPECT_TRUE(ended_);
}

std::string question_about(const std::string& url, const std::string& ports = {}) {
    return "OPTIONS " + url + " HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n" +
           (ports.empty() ? "" : "Glovebox-Ports: " + ports + "\r\n") + "\r\n";
}

TEST_F(ProxyTest, AQuestionAboutTheRulesOpensNoConnection) {
    dialer_options_.resolved.push_back(
        parse_resolved_target("resolved.example:443=127.0.0.1:9").value());
    const VsockAddress proxy = start({"*.example.com:8443", "10.0.0.0/8:22"}, "8001=connect");
    const auto ask = [&](const std::string& url, const std::string& ports = {}) {
        const std::string answer = answer_to(proxy, question_about(url, ports));
        return answer.substr(std::string("HTTP/1.1 ").size(), 3);
    };
    EXPECT_EQ(ask("http://a.example.com:8443"), "204");
    EXPECT_EQ(ask("http://a.example.com"), "403");
    EXPECT_EQ(ask("http://a.example.com", "80,443"), "403");
    EXPECT_EQ(ask("http://a.example.com", "80,443,8000-8500"), "204");
    EXPECT_EQ(ask("http://resolved.example", "80,443"), "204");
    EXPECT_EQ(ask("http://resolved.example", "80"), "403");
    // Its address may be one that is allowed, which only the lookup can tell.
    EXPECT_EQ(ask("http://unnamed.example", "22"), "204");
    EXPECT_EQ(ask("http://10.0.0.7", "22"), "204");
    EXPECT_EQ(ask("http://192.0.2.7", "22"), "403");
    EXPECT_EQ(resolver_.lookups(), 0);
}

TEST_F(ProxyTest, ARefusedQuestionNamesTheMissingRule) {
    const VsockAddress proxy = start({"*.example.com:8443"}, "8001=connect");
    const std::string answer = answer_to(proxy, question_about("http://other.example", "80,443"));
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 403 Forbidden\r\n"
                                         "Proxy-Status: glovebox; error=http_request_denied\r\n"),
                              HasSubstr("add the rule other.example:443 to open it\n")));
    EXPECT_THAT(log_.lines(), Contains(AllOf(HasSubstr("OPTIONS refused with 403"),
                                             HasSubstr("add the rule other.example:443"))));
    EXPECT_THAT(answer_to(proxy, question_about("http://a.example.com:8443")),
                AllOf(StartsWith("HTTP/1.1 204 No Content\r\nProxy-Status: glovebox\r\n")));
}

TEST_F(ProxyTest, TwoListenersCanNotHaveOnePort) {
    start({"target"}, "8001=connect");
    const auto second = proxy_->listen(parse_proxy_route("8001=connect").value());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message,
              "port 8001 was given to two listeners: give each one its own");
}

TEST_F(ProxyTest, ALookupIsCountedToTheEnclaveThatAsks) {
    const auto address = start({"*:443"}, "8001=connect");
    EXPECT_THAT(answer_to(address, connect_head("unknown.example:443")),
                StartsWith("HTTP/1.1 502 "));
    EXPECT_EQ(resolver_.last_asker(), 16U);
}

TEST_F(ProxyTest, EarlyBytesFollowTheTwoHundred) {
    const auto address = start({"target"}, "8001=connect");
    Stream client = connect(address);
    say(client, connect_head(target_text_) + "early");
    client.shutdown_send();
    Stream server = accept();
    EXPECT_EQ(rest(server), "early");
    server.close();
    EXPECT_EQ(rest(client), "HTTP/1.1 200 Connection established\r\n\r\n");
    run_until_logged("closed: finished, 5 bytes from enclave, 0 bytes from target");
}

TEST_F(ProxyTest, EarlyBytesOfARefusedRequestGoNowhere) {
    const auto address = start({"other.example:443"}, "8001=connect");
    EXPECT_THAT(answer_to(address, connect_head(target_text_) + "early"),
                StartsWith("HTTP/1.1 403 Forbidden\r\n"));
    target_.non_blocking(true);
    boost::system::error_code failure;
    tcp::socket socket(context_);
    target_.accept(socket, failure);
    EXPECT_EQ(failure, asio::error::would_block);
}

TEST_F(ProxyTest, EachFailureHasItsStatusAndItsSentence) {
    const auto address = start({"*:*", "target"}, "8001=connect");
    resolver_.answer("rebound.example", {"169.254.169.254"});
    EXPECT_THAT(answer_to(address, connect_head("rebound.example:80")),
                AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("error=http_request_denied"),
                      HasSubstr("leads to 169.254.169.254, which is a link-local address")));
    EXPECT_THAT(answer_to(address, connect_head("unknown.example:443")),
                AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("error=dns_error")));
    EXPECT_THAT(answer_to(address, "TRACE http://a.example/ HTTP/1.1\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: CONNECT")));
    EXPECT_THAT(answer_to(address, "CONNECT a.example:1 HTTP/1.1\r\nX: " + std::string(9000, 'x') +
                                       "\r\n\r\n"),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(answer_to(address, "CONNECT 127.1:80 HTTP/1.1\r\n\r\n"),
                StartsWith("HTTP/1.1 400 "));
    target_.close();
    EXPECT_THAT(answer_to(address, connect_head(target_text_)),
                AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("error=connection_refused")));
    EXPECT_THAT(log_.lines(),
                Contains(AllOf(StartsWith("warning: 16:"), HasSubstr("CONNECT refused with 502"))));
}

TEST_F(ProxyTest, ARequestThatNeverEndsIsAnsweredWith408) {
    options_.head_timeout = 30ms;
    const auto address = start({"target"}, "8001=connect");
    EXPECT_THAT(answer_to(address, "CONNECT "), StartsWith("HTTP/1.1 408 "));
    EXPECT_EQ(answer_to(address, "\x05\x01\x00\x05"s), "\x05\x00\x05\x01\x00\x01\0\0\0\0\0\0"s);
}

TEST_F(ProxyTest, AClientThatLeavesBeforeItsRequestIsNoMatter) {
    const auto address = start({"target"}, "8001=connect");
    connect(address).close();
    run_until_logged("left before its request was whole");
    EXPECT_THAT(answer_to(address, "CONNECT "s + "x\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(ProxyTest, AFailedDialEndsThatConnectionAlone) {
    const auto address = start({"*:*", "target"}, "8000=app.example:443");
    Stream client = connect(address);
    EXPECT_EQ(rest(client), "");
    run_until_logged("warning: 16:");
    EXPECT_THAT(
        log_.lines(),
        Contains(HasSubstr("-> app.example:443 failed: the name app.example is not known")));
    const auto other = proxy_->listen(parse_proxy_route("8002=" + target_text_).value()).value();
    Stream second = connect(other);
    Stream server = accept();
    say(second, "fine");
    EXPECT_EQ(hear(server, 4), "fine");
}

TEST_F(ProxyTest, ASlowLookupHoldsUpNobodyElse) {
    resolver_.delay(std::chrono::hours(1));
    const auto address = start({"*:*", "target"}, "8001=connect");
    Stream waiting = connect(address);
    say(waiting, connect_head("slow.example:443"));
    Stream client = connect(address);
    say(client, connect_head(target_text_));
    Stream server = accept();
    EXPECT_THAT(hear(client, 39), StartsWith("HTTP/1.1 200 "));
    options_.grace = 0ms;
}

TEST_F(ProxyTest, AFixedTargetOutsideTheAllowlistIsRefusedAtTheStart) {
    start({"a.example:443"}, "8000=a.example:443");
    const auto refused = proxy_->listen(parse_proxy_route("8001=b.example:443").value());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("b.example:443 is not in the allowlist"));
    EXPECT_FALSE(proxy_->listen(parse_proxy_route("8001=127.0.0.1:443").value()));
}

TEST_F(ProxyTest, APortThatIsTakenIsNamed) {
    start({"*:*"}, "8001=a.example:443");
    const auto others = parent_.listen({cid_any, 8000}).value();
    const auto taken = proxy_->listen(parse_proxy_route("8000=b.example:443").value());
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message, AllOf(HasSubstr("8000"), HasSubstr("in use")));
}

TEST_F(ProxyTest, AcceptingGoesOnAfterALackOfDescriptorsAndLosesNothing) {
    const auto address = start({"target"}, "8000=" + target_text_);
    network_.fail_accepts(3, EMFILE);
    Stream client = connect(address);
    Stream server = accept();
    say(client, "still here");
    EXPECT_EQ(hear(server, 10), "still here");
    EXPECT_THAT(log_.lines(),
                Contains(AllOf(StartsWith("warning: "), HasSubstr("Too many open files"))));
    const auto lines = log_.lines();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                            [](const std::string& line) {
                                return line.find("Too many open files") != std::string::npos;
                            }),
              1)
        << "once an episode, not once a try";
}

TEST_F(ProxyTest, StopsListeningAtOnceAndLetsConnectionsEnd) {
    const auto address = start({"target"}, "8000=" + target_text_);
    Stream client = connect(address);
    Stream server = accept();
    say(client, "x");
    EXPECT_EQ(hear(server, 1), "x");
    proxy_->stop();
    run_until_logged("stopping: 1 connection ");
    EXPECT_EQ(run(enclave_.connect(address, std::chrono::seconds(10))).error().code,
              asio::error::connection_reset);
    say(client, "last");
    EXPECT_EQ(hear(server, 4), "last");
    client.close();
    server.close();
    run_until_ended();
    EXPECT_TRUE(ended_);
    EXPECT_THAT(log_.lines().back(), HasSubstr("stopped"));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: finished")));
}

TEST_F(ProxyTest, CutsOffWhatIsStillOpenAfterTheGraceTime) {
    options_.grace = 20ms;
    const auto address = start({"target", "*:*"}, "8001=connect");
    resolver_.delay(std::chrono::hours(1));
    Stream relayed = connect(address);
    say(relayed, connect_head(target_text_));
    Stream server = accept();
    hear(relayed, 39);
    Stream reading_head = connect(address);
    say(reading_head, "CONNECT ");
    Stream looking_up = connect(address);
    say(looking_up, connect_head("slow.example:443"));
    proxy_->stop();
    run_until_ended();
    EXPECT_TRUE(ended_);
    for (Stream* stream : {&relayed, &reading_head, &looking_up})
        EXPECT_EQ(rest(*stream), "");
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("closed: cut off by our own end")));
}

TEST_F(ProxyTest, ASecondStopEndsEverythingNow) {
    options_.grace = std::chrono::hours(1);
    const auto address = start({"target"}, "8000=" + target_text_);
    Stream client = connect(address);
    Stream server = accept();
    proxy_->stop();
    run_until_logged("stopping");
    proxy_->stop();
    run_until_ended();
    EXPECT_TRUE(ended_);
}

}  // namespace
}  // namespace glovebox::core
