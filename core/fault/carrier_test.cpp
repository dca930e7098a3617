// SPDX-License-Identifier: Apache-2.0

#include "core/fault/carrier.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/testing/run.h"

namespace glovebox::fault {
namespace {

using namespace std::chrono_literals;

// A program's blocking socket, and the other end, which the carrier has.
struct Pair {
    Pair() {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()),
                  0);
        program.reset(ends[0]);
        carriers.reset(ends[1]);
    }
    UniqueFd program;
    UniqueFd carriers;
};

class CarrierTest : public ::testing::Test {
  protected:
    CarrierTest() {
        auto one = core::Stream::make(context_.get_executor(), std::move(near_.carriers));
        auto other = core::Stream::make(context_.get_executor(), std::move(far_.carriers));
        carrier_ =
            std::make_shared<Carrier>(std::move(one.value()), std::move(other.value()), book_,
                                      core::VsockAddress{16, 1024}, core::VsockAddress{3, 8000});
        carrier_->start([this] { is_done_ = true; });
        turn();
    }
    ~CarrierTest() override {
        carrier_->cut();
        turn();
    }

    unsigned set(const Fault& fault) {
        const unsigned id = book_.set(fault, std::chrono::steady_clock::now());
        carrier_->look();
        return id;
    }
    // All that can be done without waiting.
    void turn() {
        context_.restart();
        context_.poll();
    }
    static ssize_t send(const UniqueFd& to, std::string_view text) {
        return ::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    // What one recv gets after at most `time`; "end" and "errno N" for what is no data, "nothing"
    // where nothing has come.
    std::string receive(const UniqueFd& from, std::chrono::milliseconds time = 0ms) {
        std::string text(64 * 1024, '\0');
        const auto end = std::chrono::steady_clock::now() + time;
        ssize_t got = -1;
        do {
            turn();
            context_.restart();
            got = ::recv(from.get(), text.data(), text.size(), MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN && time > 0ms)
                context_.run_one_until(end);
        } while (got < 0 && errno == EAGAIN && std::chrono::steady_clock::now() < end);
        if (got < 0)
            return errno == EAGAIN ? "nothing" : "errno " + std::to_string(errno);
        return got == 0 ? "end" : text.substr(0, static_cast<std::size_t>(got));
    }

    boost::asio::io_context context_;
    Book book_{[](const News&) {}};
    Pair near_;
    Pair far_;
    std::shared_ptr<Carrier> carrier_;
    bool is_done_ = false;
};

TEST_F(CarrierTest, BytesAndEndsOfFilesGoBothWays) {
    send(near_.program, "question");
    EXPECT_EQ(receive(far_.program), "question");
    send(near_.program, "!");
    EXPECT_EQ(receive(far_.program), "!");
    ::shutdown(near_.program.get(), SHUT_WR);
    EXPECT_EQ(receive(far_.program), "end");
    send(far_.program, "answer");
    EXPECT_EQ(receive(near_.program), "answer");
    EXPECT_FALSE(is_done_);
    far_.program.reset();
    EXPECT_EQ(receive(near_.program), "end");
    EXPECT_TRUE(is_done_);
}

TEST_F(CarrierTest, WhoSendsToAPeerThatIsGoneGetsEpipe) {
    far_.program.reset();
    turn();
    EXPECT_EQ(send(near_.program, "lost"), -1);
    EXPECT_EQ(errno, EPIPE);
    EXPECT_EQ(receive(near_.program), "end");
}

TEST_F(CarrierTest, AMillionBytesArriveAsTheyWereSent) {
    std::string sent;
    for (unsigned i = 0; sent.size() < 1'000'000; ++i)
        sent += std::to_string(i);
    std::string got;
    for (std::size_t at = 0; got.size() < sent.size();) {
        if (const ssize_t size = send(near_.program, std::string_view(sent).substr(at)); size > 0)
            at += static_cast<std::size_t>(size);
        const std::string piece = receive(far_.program, core::test_patience);
        ASSERT_NE(piece, "nothing");
        got += piece;
    }
    EXPECT_EQ(got, sent);
}

TEST_F(CarrierTest, ACutIsAnEndOfFileForBothAndNobodyCanSend) {
    send(near_.program, "question");
    send(far_.program, "answer");
    turn();
    set({.kind = Kind::cut});
    EXPECT_TRUE(is_done_);
    EXPECT_EQ(receive(far_.program), "question");
    EXPECT_EQ(receive(far_.program), "end");
    EXPECT_EQ(receive(near_.program), "answer");
    EXPECT_EQ(receive(near_.program), "end");
    EXPECT_EQ(send(near_.program, "more"), -1);
    EXPECT_EQ(errno, EPIPE);
}

TEST_F(CarrierTest, ACutAfterBytesDeliversJustThese) {
    set({.kind = Kind::cut, .after = 10});
    send(near_.program, "123456");
    EXPECT_EQ(receive(far_.program), "123456");
    send(far_.program, "abcdefgh");
    EXPECT_EQ(receive(near_.program), "abcd");
    EXPECT_EQ(receive(near_.program), "end");
    EXPECT_EQ(receive(far_.program), "end");
}

TEST_F(CarrierTest, AResetIsOneForBothThatHaveSent) {
    send(near_.program, "question");
    EXPECT_EQ(receive(far_.program), "question");
    send(far_.program, "answer");
    turn();
    set({.kind = Kind::reset});
    EXPECT_EQ(receive(near_.program), "answer");
    EXPECT_EQ(receive(near_.program), "errno " + std::to_string(ECONNRESET));
    EXPECT_EQ(receive(far_.program), "errno " + std::to_string(ECONNRESET));
}

TEST_F(CarrierTest, AStallHoldsBytesBackUntilItIsHealed) {
    const unsigned id = set({.kind = Kind::stall});
    send(near_.program, "question");
    ::shutdown(near_.program.get(), SHUT_WR);
    EXPECT_EQ(receive(far_.program), "nothing");
    book_.heal(id, "test");
    carrier_->look();
    EXPECT_EQ(receive(far_.program), "question");
    EXPECT_EQ(receive(far_.program), "end");
}

TEST_F(CarrierTest, AStalledConnectionTakesNoMoreThanItsRoom) {
    set({.kind = Kind::stall});
    const std::string block(16 * 1024, 'x');
    std::size_t taken = 0;
    for (int quiet = 0; quiet < 2; turn()) {
        const ssize_t size = send(near_.program, block);
        quiet = size > 0 ? 0 : quiet + 1;
        taken += size > 0 ? static_cast<std::size_t>(size) : 0;
        ASSERT_LT(taken, 2U * 1024 * 1024);
    }
    EXPECT_GE(taken, 256U * 1024);
}

TEST_F(CarrierTest, ADelayIsForEachByte) {
    set({.kind = Kind::delay, .time = 50ms});
    const auto begun = std::chrono::steady_clock::now();
    send(near_.program, "question");
    EXPECT_EQ(receive(far_.program), "nothing");
    EXPECT_EQ(receive(far_.program, core::test_patience), "question");
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 50ms);
}

TEST_F(CarrierTest, AThrottleLimitsBytesPerSecond) {
    set({.kind = Kind::throttle, .bytes = 1000});
    const auto begun = std::chrono::steady_clock::now();
    send(near_.program, std::string(300, 'x'));
    std::size_t got = 0;
    while (got < 300) {
        const std::string piece = receive(far_.program, core::test_patience);
        ASSERT_NE(piece, "nothing");
        EXPECT_LE(piece.size(), 100U);
        got += piece.size();
    }
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 200ms);
}

TEST_F(CarrierTest, ASplitGivesEachRecvAPieceOfItsOwn) {
    set({.kind = Kind::split, .bytes = 3});
    send(near_.program, "question");
    std::vector<std::string> pieces;
    for (std::size_t got = 0; got < 8; got += pieces.back().size())
        pieces.push_back(receive(far_.program, core::test_patience));
    EXPECT_EQ(pieces, (std::vector<std::string>{"que", "sti", "on"}));
}

}  // namespace
}  // namespace glovebox::fault
