// SPDX-License-Identifier: Apache-2.0

// The forward to enclaves whose connections have faults.
#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include "core/fault/faulty_transport.h"
#include "core/forward/forward_fixture.h"

namespace glovebox::fault {
namespace {

using core::Connection;
using core::route;
using core::Stream;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;

class ForwardFaults : public core::ForwardTest {
  protected:
    ForwardFaults()
        : faulty_(enclave_, book_), listener_(parent_.listen({core::cid_any, 8000}).value()) {}

    unsigned set(const Fault& fault) {
        const unsigned id = book_.set(fault, std::chrono::steady_clock::now());
        faulty_.look();
        return id;
    }
    Stream connect_faulty() {
        if (!endpoint_)
            endpoint_ = start(route("0=3:8000"), faulty_);
        return connect(*endpoint_);
    }
    void say(Stream& stream, std::string_view text) { run(write_all(stream, text)).value(); }
    Stream accept() { return std::move(run(listener_->accept()).value().stream); }

    Book book_{[](const News&) {}};
    FaultyTransport faulty_;
    std::unique_ptr<core::Listener> listener_;
    std::optional<tcp::endpoint> endpoint_;
};

TEST_F(ForwardFaults, ARefusedConnectIsAResetAndTheNextOneIsServed) {
    set({.kind = Kind::refuse, .times = 1});
    Stream refused = connect_faulty();
    EXPECT_EQ(rest(refused).second, boost::asio::error::connection_reset);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("-> vsock 3:8000 failed: ")));
    Stream client = connect_faulty();
    say(client, "ping");
    client.shutdown_send();
    Stream server = accept();
    EXPECT_EQ(rest(server).first, "ping");
}

TEST_F(ForwardFaults, ACutAnswerEndsAndAResetIsReset) {
    set({.kind = Kind::cut, .after = 4, .times = 1});
    Stream client = connect_faulty();
    Stream server = accept();
    say(server, "answer");
    EXPECT_EQ(rest(client), std::pair(std::string("answ"), boost::system::error_code()));
    Stream other = connect_faulty();
    say(other, "ping");
    Stream other_server = accept();
    std::array<char, 4> buffer;
    EXPECT_EQ(run(core::read_some(other_server, buffer)).value(), 4U);
    set({.kind = Kind::reset});
    EXPECT_EQ(rest(other).second, boost::asio::error::connection_reset);
}

TEST_F(ForwardFaults, AStalledConnectionGoesOnWhenItIsHealed) {
    Stream client = connect_faulty();
    Stream server = accept();
    const unsigned stall = set({.kind = Kind::stall});
    say(client, "ping");
    client.shutdown_send();
    context_.restart();
    context_.poll();
    book_.heal(stall, "the test goes on");
    faulty_.look();
    EXPECT_EQ(rest(server).first, "ping");
}

TEST_F(ForwardFaults, AnAnswerInPiecesArrivesWhole) {
    set({.kind = Kind::split, .bytes = 3});
    Stream client = connect_faulty();
    Stream server = accept();
    const std::string text(1000, 'a');
    say(server, text + "b");
    server.close();
    EXPECT_EQ(rest(client).first, text + "b");
}

}  // namespace
}  // namespace glovebox::fault
