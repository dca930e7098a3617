// SPDX-License-Identifier: Apache-2.0

// The contract, second part: what the streams do once they are connected, and what a great many of
// them leave behind.

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/crc.hpp>
#include <cerrno>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/stream/stream_io.h"
#include "transports/contract/contract.h"
#include "transports/contract/effort.h"
#include "transports/contract/process_resources.h"

namespace glovebox::transports {
namespace {

namespace asio = boost::asio;
using core::Stream;
using namespace asio::experimental::awaitable_operators;

constexpr std::size_t chunk_bytes = 65'521;  // a prime: no buffer's size divides it

struct Sum {
    std::size_t bytes = 0;
    std::uint32_t crc = 0;

    auto operator<=>(const Sum&) const = default;
};

// Sends `bytes` of noise, then ends this direction.
asio::awaitable<Sum> send_noise(Stream& stream, std::size_t bytes, std::uint32_t seed) {
    std::minstd_rand noise(seed);
    std::vector<char> chunk(chunk_bytes);
    boost::crc_32_type crc;
    for (std::size_t left = bytes; left > 0;) {
        const std::size_t now = std::min(left, chunk.size());
        std::generate_n(chunk.begin(), now, [&] { return static_cast<char>(noise() >> 8); });
        crc.process_bytes(chunk.data(), now);
        const auto sent = co_await core::write_all(stream, std::string_view(chunk.data(), now));
        if (!sent)
            throw ErrorException(sent.error());
        left -= now;
    }
    stream.shutdown_send();
    co_return Sum{bytes, crc.checksum()};
}

// Reads until the other end has ended its direction.
asio::awaitable<Sum> receive_all(Stream& stream) {
    std::vector<char> chunk(chunk_bytes);
    boost::crc_32_type crc;
    Sum sum;
    for (;;) {
        const auto got = co_await core::read_some(stream, chunk);
        if (!got)
            throw ErrorException(got.error());
        if (*got == 0)
            break;
        sum.bytes += *got;
        crc.process_bytes(chunk.data(), *got);
    }
    sum.crc = crc.checksum();
    co_return sum;
}

// `first` says its part and ends; `second` hears all of it, and only then answers.
asio::awaitable<void> speak_in_turn(Stream& first, Stream& second) {
    constexpr std::size_t said_bytes = 1000;
    constexpr std::size_t answer_bytes = 1'000'000;
    const Sum said = co_await send_noise(first, said_bytes, 1);
    EXPECT_EQ(co_await receive_all(second), said);
    const auto [answered, heard] =
        co_await (send_noise(second, answer_bytes, 2) && receive_all(first));
    EXPECT_EQ(heard, answered);
}

TEST_P(TransportContract, TheDiallersHalfCloseLeavesTheAnswerOpen) {
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        Pair pair = co_await connect_pair(*listener);
        co_await speak_in_turn(pair.dialled.stream, pair.accepted.stream);
    }());
}

TEST_P(TransportContract, TheAcceptorsHalfCloseLeavesTheAnswerOpen) {
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        Pair pair = co_await connect_pair(*listener);
        co_await speak_in_turn(pair.accepted.stream, pair.dialled.stream);
    }());
}

// Writes until the other end, which closes after the first bytes, is found gone.
asio::awaitable<void> write_to_one_that_closes(Stream& writer, Stream& closer) {
    const auto write_on = [&]() -> asio::awaitable<boost::system::error_code> {
        const std::string chunk(chunk_bytes, '\0');
        for (;;) {
            const auto sent = co_await core::write_all(writer, chunk);
            if (!sent)
                co_return sent.error().code;
        }
    };
    const auto close_after_some = [&]() -> asio::awaitable<void> {
        std::vector<char> some(1000);
        for (std::size_t got = 0; got < some.size();) {
            const auto more = co_await core::read_some(closer, some);
            got += more.value();
        }
        closer.close();
    };
    const auto error = co_await (write_on() && close_after_some());
    // AF_VSOCK has a third spelling: ENOTCONN, once the reset has arrived.
    EXPECT_THAT(error.value(), testing::AnyOf(EPIPE, ECONNRESET, ENOTCONN)) << error.message();
}

TEST_P(TransportContract, ClosingWhileTheOtherWritesEndsTheWriter) {
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        Pair one = co_await connect_pair(*listener);
        co_await write_to_one_that_closes(one.dialled.stream, one.accepted.stream);
        Pair other = co_await connect_pair(*listener);
        co_await write_to_one_that_closes(other.accepted.stream, other.dialled.stream);
    }());
}

TEST_P(TransportContract, BulkGoesBothWaysAtOnceUnharmed) {
    const std::size_t bytes = choose_effort().bulk_bytes;
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        Pair pair = co_await connect_pair(*listener);
        const auto [there_sent, back_sent, there, back] =
            co_await (send_noise(pair.dialled.stream, bytes, 3) &&
                      send_noise(pair.accepted.stream, bytes, 4) &&
                      receive_all(pair.accepted.stream) && receive_all(pair.dialled.stream));
        EXPECT_EQ(there, there_sent);
        EXPECT_EQ(back, back_sent);
        EXPECT_NE(there_sent.crc, back_sent.crc);
    }());
}

TEST_P(TransportContract, AThousandConnectionsAtOnceKeepApart) {
    constexpr std::size_t count = 1000;
    constexpr std::size_t bytes = 3000;
    if (!allow_descriptors(2 * count + 64))
        GTEST_SKIP() << "the limit on open files is below the " << 2 * count + 64 << " it takes";
    const auto listener = listen();
    run([&]() -> asio::awaitable<void> {
        std::vector<Pair> pairs;
        std::set<core::Port> ports;
        for (std::size_t i = 0; i < count; ++i) {
            pairs.push_back(co_await connect_pair(*listener));
            ports.insert(pairs.back().accepted.peer.port);
        }
        EXPECT_EQ(ports.size(), machine_->tells_ports() ? count : 1)
            << "two live connections share a port";
        EXPECT_EQ(machine_->leftovers(1), 0U);

        std::vector<Sum> sent(count);
        std::vector<Sum> received(count);
        std::size_t running = 2 * count;
        asio::steady_timer all_done(io_, asio::steady_timer::time_point::max());
        const auto done = [&](const std::exception_ptr& failure) {
            EXPECT_FALSE(failure);
            if (--running == 0)
                all_done.cancel();
        };
        const auto send = [&](std::size_t i) -> asio::awaitable<void> {
            sent[i] = co_await send_noise(pairs[i].dialled.stream, bytes,
                                          static_cast<std::uint32_t>(i + 1));
        };
        const auto receive = [&](std::size_t i) -> asio::awaitable<void> {
            received[i] = co_await receive_all(pairs[i].accepted.stream);
        };
        for (std::size_t i = 0; i < count; ++i) {
            asio::co_spawn(io_, receive(i), done);
            asio::co_spawn(io_, send(count - 1 - i), done);
        }
        boost::system::error_code cancelled;
        co_await all_done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        EXPECT_EQ(received, sent);
    }());
}

TEST_P(TransportContract, ManyConnectionsLeaveNothingBehind) {
    const std::size_t count = choose_effort().connections;
    const std::size_t warm_up = count / 10;
    constexpr std::size_t growth_bytes_max = 1 << 20;
    const auto listener = listen();
    std::size_t descriptors = 0;
    std::size_t resident = 0;
    run([&]() -> asio::awaitable<void> {
        for (std::size_t i = 0; i < count; ++i) {
            if (i == warm_up) {
                descriptors = open_descriptors();
                resident = resident_bytes();
            }
            Pair pair = co_await connect_pair(*listener);
            std::array<char, 1> got{};
            static_cast<void>((co_await core::write_all(pair.dialled.stream, "x")).value());
            static_cast<void>((co_await core::read_some(pair.accepted.stream, got)).value());
        }
    }());
    EXPECT_EQ(open_descriptors(), descriptors);
    if (!under_sanitizer) {  // its shadow and quarantine grow by design
        EXPECT_LT(resident_bytes(), resident + growth_bytes_max);
    }
    EXPECT_EQ(machine_->leftovers(1), 0U);
}

}  // namespace
}  // namespace glovebox::transports
