// SPDX-License-Identifier: Apache-2.0

// A relay between two streams, over each pair of families and by each way of moving bytes.
#include "core/relay/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "core/testing/closed_connections.h"
#include "core/testing/relay_fixture.h"

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;

struct RelayCase {
    Family left;
    Family right;
    std::size_t pipes_max;
};

std::string name_of(const testing::TestParamInfo<RelayCase>& info) {
    const auto family = [](Family f) { return f == Family::tcp ? "Tcp" : "Unix"; };
    return std::string(family(info.param.left)) + "To" + family(info.param.right) +
           (info.param.pipes_max > 0 ? "Spliced" : "Copied");
}

class RelayOverFamilies : public RelayFixture, public testing::TestWithParam<RelayCase> {
  protected:
    RelayOverFamilies()
        : RelayFixture(GetParam().left, GetParam().right, {.pipes_max = GetParam().pipes_max}) {}
    [[nodiscard]] bool client_is_tcp() const { return GetParam().left == Family::tcp; }
    [[nodiscard]] bool server_is_tcp() const { return GetParam().right == Family::tcp; }
};

INSTANTIATE_TEST_SUITE_P(Relay, RelayOverFamilies,
                         testing::Values(RelayCase{Family::unix_socket, Family::unix_socket, 48},
                                         RelayCase{Family::unix_socket, Family::tcp, 48},
                                         RelayCase{Family::tcp, Family::unix_socket, 48},
                                         RelayCase{Family::tcp, Family::tcp, 48},
                                         RelayCase{Family::tcp, Family::unix_socket, 0},
                                         RelayCase{Family::unix_socket, Family::tcp, 0}),
                         name_of);

TEST_P(RelayOverFamilies, AnAnswerComesBackAfterTheRequestsEnd) {
    start();
    run(write_all(client, "request")).value();
    client.shutdown_send();
    EXPECT_EQ(run(read_rest(server)).text, "request");
    run(write_all(server, "the answer")).value();
    server.close();
    const Rest rest = run(read_rest(client));
    EXPECT_EQ(rest.text, "the answer");
    EXPECT_FALSE(rest.error);
    EXPECT_EQ(wait().end, RelayEnd::finished);
    EXPECT_EQ(result->first_to_second, 7U);
    EXPECT_EQ(result->second_to_first, 10U);
    EXPECT_FALSE(result->error);
}

TEST_P(RelayOverFamilies, TheServerMayEndFirstAndGoOnReading) {
    start();
    run(write_all(server, "banner")).value();
    server.shutdown_send();
    EXPECT_EQ(run(read_rest(client)).text, "banner");
    run(write_all(client, "thanks")).value();
    client.close();
    EXPECT_EQ(run(read_rest(server)).text, "thanks");
    EXPECT_EQ(wait().end, RelayEnd::finished);
}

TEST_P(RelayOverFamilies, SixtyFourMebibytesBothWaysAtOnceArriveWhole) {
    constexpr std::uint64_t size = 64 * mebibyte;
    start();
    spawn(context, send_noise(client, size));
    spawn(context, send_noise(server, size));
    std::uint64_t at_client = 0;
    spawn(context, [](Stream& stream, std::uint64_t& total) -> asio::awaitable<void> {
        total = co_await read_noise(stream);
    }(client, at_client));
    EXPECT_EQ(run(read_noise(server)), size);
    EXPECT_EQ(wait().end, RelayEnd::finished);
    settle();
    EXPECT_EQ(at_client, size);
    EXPECT_EQ(result->first_to_second, size);
    EXPECT_EQ(result->second_to_first, size);
    EXPECT_EQ(pipes.in_use(), 0U);
}

TEST_P(RelayOverFamilies, ATcpPeerThatIsQuietIsWatchedByKeepAlive) {
    const int second = second_number();
    const auto is_watched = [&] {
        int on = 0;
        socklen_t size = sizeof on;
        ::getsockopt(second, SOL_SOCKET, SO_KEEPALIVE, &on, &size);
        return on != 0;
    };
    start({.linger = 10ms});
    settle();
    EXPECT_FALSE(is_watched());
    pass(200ms);
    EXPECT_EQ(is_watched(), server_is_tcp());
}

TEST_P(RelayOverFamilies, ASenderWaitsForAReceiverThatDoesNotRead) {
    start();
    // Writes until nothing moves any more, though the relay has had its turn.
    std::uint64_t sent = 0;
    for (bool moved = true; moved;) {
        moved = false;
        while (true) {
            const auto piece = std::string_view(noise()).substr(sent % noise().size(), 65536);
            const ssize_t n = ::send(client.native_handle(), piece.data(), piece.size(),
                                     MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n <= 0)
                break;
            sent += static_cast<std::uint64_t>(n);
            moved = true;
        }
        settle();
    }
    EXPECT_GT(sent, 65536U);
    EXPECT_LT(sent, 64 * mebibyte) << "nothing holds the sender back";
    client.shutdown_send();
    EXPECT_EQ(run(read_noise(server)), sent);
    server.close();
    EXPECT_EQ(wait().end, RelayEnd::finished);
    EXPECT_EQ(result->first_to_second, sent);
}

TEST_P(RelayOverFamilies, AResetIsPassedOnAfterWhatCameBeforeIt) {
    start();
    run(write_all(client, "last words")).value();
    settle();
    if (client_is_tcp()) {
        reset(client);
    } else {
        // An AF_UNIX peer resets by closing over bytes that it has not read.
        run(write_all(server, "never read")).value();
        settle();
        client.close();
    }
    const Rest rest = run(read_rest(server));
    EXPECT_EQ(rest.text, "last words");
    EXPECT_EQ(rest.error, server_is_tcp() ? make_error_code(asio::error::connection_reset)
                                          : boost::system::error_code());
    EXPECT_EQ(wait().end, RelayEnd::first_reset);
    EXPECT_EQ(result->error, asio::error::connection_reset);
}

TEST_P(RelayOverFamilies, AnAnswerReachesAClientThatIsStillSending) {
    start();
    // The server refuses an upload that it has not read, as HTTP servers do.
    constexpr std::size_t upload = 300'000;
    run(write_all(client, std::string_view(noise()).substr(0, upload))).value();
    settle();
    run(write_all(server, "413")).value();
    server.close();
    const Rest rest = run(read_rest(client));
    EXPECT_EQ(rest.text, "413");
    client.close();
    EXPECT_EQ(wait().end, RelayEnd::second_reset);
    EXPECT_EQ(result->second_to_first, 3U);
}

TEST_P(RelayOverFamilies, AClosedReceiverIsResetToItsSender) {
    start();
    client.close();
    settle();
    EXPECT_FALSE(result) << "the server has not ended yet";
    boost::system::error_code error;
    // The first write may be taken by kernels on the way; what follows is not.
    for (int i = 0; i < 1000 && !error; ++i) {
        const auto written = run(write_all(server, std::string_view(noise()).substr(0, 65536)));
        if (!written)
            error = written.error().code;
    }
    EXPECT_TRUE(error == asio::error::broken_pipe || error == asio::error::connection_reset)
        << error.message();
    EXPECT_EQ(wait().end, RelayEnd::first_reset);
}

TEST_P(RelayOverFamilies, NothingMovedForTheIdleTimeoutEndsIt) {
    start({.idle_timeout = 30ms});
    EXPECT_EQ(wait().end, RelayEnd::idle_timeout);
    const Rest rest = run(read_rest(client));
    EXPECT_EQ(rest.error, client_is_tcp() ? make_error_code(asio::error::connection_reset)
                                          : boost::system::error_code());
}

TEST_P(RelayOverFamilies, ABlockedReceiverIsIdleToo) {
    start({.idle_timeout = 100ms});
    spawn(context, [](Stream& stream) -> asio::awaitable<void> {
        // Ends with an error, when the relay gives up.
        static_cast<void>(co_await write_all(stream, std::string(64 * mebibyte, 'x')));
    }(client));
    EXPECT_EQ(wait().end, RelayEnd::idle_timeout);
    EXPECT_EQ(pipes.in_use(), 0U);
    settle();
}

TEST_P(RelayOverFamilies, IsCalledOffByCancellation) {
    start();
    run(write_all(client, "x")).value();
    settle();
    stop.emit(asio::cancellation_type::terminal);
    EXPECT_EQ(wait().end, RelayEnd::cancelled);
    EXPECT_EQ(result->first_to_second, 1U);
}

TEST(Relay, ActivityPutsTheIdleTimeoutOff) {
    RelayFixture relay(Family::unix_socket, Family::unix_socket, {});
    relay.start({.idle_timeout = 1s});
    const auto end = std::chrono::steady_clock::now() + 1500ms;
    std::array<char, 16> buffer;
    while (std::chrono::steady_clock::now() < end) {
        relay.run(write_all(relay.client, "ping")).value();
        ASSERT_EQ(relay.run(read_some(relay.server, buffer)).value(), 4U);
    }
    EXPECT_FALSE(relay.result);
}

// Nobody would ever hear of it again: the client is gone and the server waits for it to speak.
TEST_P(RelayOverFamilies, AServerThatNeverEndsIsLetGoAfterItsClientHas) {
    if (client_is_tcp() && !remembers_closed_connections())
        GTEST_SKIP() << closed_connections_are_forgotten;
    start({.linger = 30ms});
    run(write_all(client, "request")).value();
    client.close();
    const Rest rest = run(read_rest(server));
    EXPECT_EQ(rest.text, "request");
    EXPECT_FALSE(rest.error) << "the client ended well";
    EXPECT_EQ(wait().end, RelayEnd::first_left);
}

TEST_P(RelayOverFamilies, AClientThatNeverEndsIsLetGoAfterItsServerHas) {
    if (server_is_tcp() && !remembers_closed_connections())
        GTEST_SKIP() << closed_connections_are_forgotten;
    start({.linger = 30ms});
    server.close();
    EXPECT_EQ(run(read_rest(client)).text, "");
    EXPECT_EQ(wait().end, RelayEnd::second_left);
}

TEST_P(RelayOverFamilies, APeerThatLeavesAfterItsAnswerIsNotSaidToHaveReset) {
    start({.linger = 30ms});
    run(write_all(server, "the answer")).value();
    server.close();
    EXPECT_EQ(run(read_rest(client)).text, "the answer");
    // Like TLS's close_notify, which the peer no longer reads.
    for (int lost = 0; lost < 100 && !result; ++lost) {
        static_cast<void>(run(write_all(client, "good bye")));
        pass(1ms);
    }
    EXPECT_EQ(describe_end(wait(), "enclave", "target"), "target left");
}

TEST_P(RelayOverFamilies, AnAnswerMayTakeLongerThanAPeersDepartureIsNoticed) {
    start({.linger = 5ms});
    run(write_all(client, "request")).value();
    client.shutdown_send();
    EXPECT_EQ(run(read_rest(server)).text, "request");
    pass(100ms);
    run(write_all(server, "the answer")).value();
    server.close();
    EXPECT_EQ(run(read_rest(client)).text, "the answer");
    EXPECT_EQ(wait().end, RelayEnd::finished);
}

TEST_P(RelayOverFamilies, AnAnswerThatNeverComesEndsByATimeoutOfItsOwn) {
    start({.half_close_timeout = 30ms});
    client.shutdown_send();
    EXPECT_EQ(run(read_rest(server)).text, "");
    EXPECT_EQ(wait().end, RelayEnd::half_close_timeout);
    EXPECT_EQ(run(read_rest(client)).error, client_is_tcp()
                                                ? make_error_code(asio::error::connection_reset)
                                                : boost::system::error_code());
}

TEST_P(RelayOverFamilies, ThatTimeoutIsForHalfClosedConnectionsAlone) {
    start({.half_close_timeout = 10ms, .dead_after = 20ms});
    run(write_all(client, "request")).value();
    pass(100ms);
    EXPECT_FALSE(result);
}

// The end of file is behind bytes that the relay can't deliver, and so has not read.
TEST_P(RelayOverFamilies, AnUploadThatNobodyTakesEndsWhenItsClientHasEnded) {
    start({.half_close_timeout = 50ms});
    for (bool moved = true; moved;) {
        moved = false;
        while (::send(client.native_handle(), noise().data(), 65536, MSG_DONTWAIT) > 0)
            moved = true;
        settle();
    }
    pass(100ms);
    EXPECT_FALSE(result);
    client.close();
    EXPECT_EQ(wait().end, RelayEnd::half_close_timeout);
}

TEST(Relay, AnAnswerThatKeepsMovingIsNotCutOff) {
    RelayFixture relay(Family::unix_socket, Family::unix_socket, {});
    relay.start({.half_close_timeout = 1s});
    relay.client.shutdown_send();
    const auto end = std::chrono::steady_clock::now() + 1500ms;
    std::array<char, 16> buffer;
    while (std::chrono::steady_clock::now() < end) {
        relay.run(write_all(relay.server, "more")).value();
        ASSERT_EQ(relay.run(read_some(relay.client, buffer)).value(), 4U);
    }
    EXPECT_FALSE(relay.result);
}

TEST(Relay, ATcpPeerThatAcknowledgesNothingIsReset) {
    RelayFixture relay(Family::unix_socket, Family::tcp, {});
    sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog program{1, &drop};
    const int attached = ::setsockopt(relay.server.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER,
                                      &program, sizeof program);
    if (attached != 0 && errno == EPERM)
        GTEST_SKIP() << "this kernel lets only root attach a filter to a socket (EPERM)";
    ASSERT_EQ(attached, 0);
    relay.start({.dead_after = 40ms});
    relay.run(write_all(relay.client, "anybody?")).value();
    EXPECT_EQ(relay.wait().end, RelayEnd::second_reset);
    EXPECT_EQ(relay.result->error, asio::error::timed_out);
}

TEST(Relay, ATcpResetWhileNothingMovesIsNoticedEvenAfterAHalfClose) {
    RelayFixture relay(Family::tcp, Family::unix_socket, {});
    relay.start();
    relay.client.shutdown_send();
    EXPECT_EQ(relay.run(read_rest(relay.server)).text, "");
    reset(relay.client);
    EXPECT_EQ(relay.wait().end, RelayEnd::first_reset);
}

// The bytes before a reset are in the kernel's hands when it comes, and stay there until the slow
// reader takes them.
TEST(Relay, ASlowReaderGetsAllThatCameBeforeAReset) {
    RelayFixture relay(Family::unix_socket, Family::tcp, {});
    relay.start();
    constexpr std::uint64_t size = 2 * mebibyte;
    spawn(relay.context, [](Stream& stream) -> asio::awaitable<void> {
        for (std::uint64_t sent = 0; sent < size;) {
            const auto piece = std::string_view(noise()).substr(sent % noise().size(), size - sent);
            const auto result = co_await write_all(stream, piece);
            sent += result.value();
        }
        reset(stream);
    }(relay.client));
    // Closing over an unread byte is AF_UNIX's reset.
    relay.run(write_all(relay.server, "unread")).value();
    relay.settle();
    std::vector<char> buffer(10'000);
    std::uint64_t total = 0;
    boost::system::error_code error;
    while (!error) {
        const auto got = relay.run(read_some(relay.server, buffer));
        if (!got)
            error = got.error().code;
        else if (*got == 0)
            break;
        else
            total += *got;
    }
    EXPECT_EQ(total, size);
    EXPECT_EQ(error, asio::error::connection_reset);
    EXPECT_EQ(relay.wait().end, RelayEnd::first_reset);
}

TEST(RelayResult, IsDescribedByItsEndAndItsBytes) {
    const RelayResult result{RelayEnd::second_reset, 5, 7,
                             make_error_code(asio::error::connection_reset)};
    EXPECT_EQ(describe_end(result, "enclave", "target"),
              "reset by target (Connection reset by peer)");
    EXPECT_EQ(describe_end({}, "enclave", "target"), "finished");
    EXPECT_EQ(describe_bytes(result, "enclave", "target", 1200ms),
              "5 bytes from enclave, 7 bytes from target, 1.2 s");
}

}  // namespace
}  // namespace glovebox::core
