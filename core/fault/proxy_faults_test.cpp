// SPDX-License-Identifier: Apache-2.0

// The proxy with clients whose connections have faults.
#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include "core/fault/faulty_transport.h"
#include "core/proxy/proxy_fixture.h"

namespace glovebox::fault {
namespace {

using core::Stream;
using core::VsockAddress;
using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ProxyFaults : public core::ProxyTest {
  protected:
    void set(const Fault& fault) {
        book_.set(fault, std::chrono::steady_clock::now());
        faulty_.look();
    }
    Stream connect_faulty(VsockAddress address) {
        return std::move(run(faulty_.connect(address, 10s)).value().stream);
    }
    // A connection without a fault is served as ever.
    void expect_service(VsockAddress address) {
        book_.heal_all("the test goes on");
        Stream client = connect_faulty(address);
        say(client, connect_head(target_text_) + "hello");
        Stream server = accept();
        EXPECT_EQ(hear(server, 5), "hello");
        EXPECT_THAT(hear(client, 39), StartsWith("HTTP/1.1 200 "));
    }

    Book book_{[](const News&) {}};
    FaultyTransport faulty_{enclave_, book_};
};

TEST_F(ProxyFaults, ARequestInPiecesOfOneByteIsOneRequest) {
    const auto address = start({"target"}, "8001=connect");
    set({.kind = Kind::split, .bytes = 1});
    Stream client = connect_faulty(address);
    say(client, connect_head(target_text_) + "early");
    Stream server = accept();
    EXPECT_EQ(hear(server, 5), "early");
    EXPECT_EQ(hear(client, 39), "HTTP/1.1 200 Connection established\r\n\r\n");
    say(server, "pong");
    server.close();
    EXPECT_EQ(rest(client), "pong");
}

TEST_F(ProxyFaults, ASocksRequestInPiecesOfOneByteIsOneRequest) {
    resolver_.answer("app.example", {"127.0.0.1"});
    const auto port = target_.local_endpoint().port();
    const auto address = start({"target"}, "8001=connect");
    set({.kind = Kind::split, .bytes = 1});
    Stream client = connect_faulty(address);
    say(client, "\x05\x01\x00\x05\x01\x00\x03\x0b"s + "app.example" + static_cast<char>(port >> 8) +
                    static_cast<char>(port & 0xff) + "early");
    Stream server = accept();
    EXPECT_EQ(hear(server, 5), "early");
    EXPECT_EQ(hear(client, 12), "\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0"s);
}

TEST_F(ProxyFaults, ARequestThatIsCutInItsHeadReachesNoTargetAndHoldsNoPlace) {
    options_.slots = {.open_max = 1, .waiting_max = 1, .by_peer = false};
    const auto address = start({"target"}, "8001=connect");
    set({.kind = Kind::cut, .after = 20});
    Stream client = connect_faulty(address);
    say(client, connect_head(target_text_));
    EXPECT_EQ(rest(client), "");
    expect_service(address);
}

TEST_F(ProxyFaults, ARequestThatStallsInItsHeadIsAnsweredAfterTheTimeout) {
    options_.head_timeout = 50ms;
    const auto address = start({"target"}, "8001=connect");
    set({.kind = Kind::stall, .after = 20, .times = 1});
    Stream client = connect_faulty(address);
    say(client, connect_head(target_text_));
    run_until_logged("within 50 ms");
    set({.kind = Kind::delay, .time = 1ms});
    expect_service(address);
}

TEST_F(ProxyFaults, ACutInAnAnswerEndsTheTunnelAtTheTargetToo) {
    const auto address = start({"target"}, "8000=" + target_text_);
    set({.kind = Kind::cut, .after = 1000, .times = 1});
    Stream client = connect_faulty(address);
    say(client, "x");
    Stream server = accept();
    EXPECT_EQ(hear(server, 1), "x");
    say(server, std::string(5000, 'a'));
    EXPECT_EQ(rest(client), std::string(999, 'a'));
    server.shutdown_send();
    EXPECT_EQ(rest(server), "");
    run_until_logged(" closed: ");
}

TEST_F(ProxyFaults, AResetOfTheClientIsAResetOfTheTarget) {
    const auto address = start({"target"}, "8000=" + target_text_);
    Stream client = connect_faulty(address);
    say(client, "ping");
    Stream server = accept();
    EXPECT_EQ(hear(server, 4), "ping");
    say(server, "pong");
    EXPECT_EQ(hear(client, 4), "pong");
    set({.kind = Kind::reset});
    std::array<char, 8> buffer;
    const auto got = run(core::read_some(server, buffer));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, boost::asio::error::connection_reset);
}

TEST_F(ProxyFaults, ThrottledAndLateBytesArriveWholeAndInOrder) {
    const auto address = start({"target"}, "8000=" + target_text_);
    set({.kind = Kind::throttle, .bytes = 100'000});
    set({.kind = Kind::delay, .time = 5ms});
    set({.kind = Kind::split, .bytes = 1000});
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += std::to_string(i) + ' ';
    Stream client = connect_faulty(address);
    say(client, text);
    client.shutdown_send();
    Stream server = accept();
    EXPECT_EQ(rest(server), text);
}

}  // namespace
}  // namespace glovebox::fault
