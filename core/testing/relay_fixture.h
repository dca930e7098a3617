// SPDX-License-Identifier: Apache-2.0

// For tests: a relay between two pairs of streams, and noise to send through it.
//
//   client ==pair== first |relay| second ==pair== server
#pragma once

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/random_source.h"
#include "core/relay/relay.h"
#include "core/service/process_setup.h"
#include "core/stream/stream_io.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {

namespace asio = boost::asio;

inline constexpr std::uint64_t mebibyte = 1024 * 1024;

enum class Family { unix_socket, tcp };

// A stretch of noise that is sent over and over. Its length has no common divisor with any buffer,
// so that a lost, doubled or swapped piece shows.
inline const std::string& noise() {
    static const std::string bytes = [] {
        std::string text(1'000'003, '\0');
        SeededRandom(20).fill({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
        return text;
    }();
    return bytes;
}

inline asio::awaitable<void> send_noise(Stream& stream, std::uint64_t bytes) {
    for (std::uint64_t sent = 0; sent < bytes;) {
        const std::size_t at = sent % noise().size();
        const auto piece = std::string_view(noise()).substr(at, bytes - sent);
        const auto result = co_await write_all(stream, piece);
        sent += result.value();
    }
    stream.shutdown_send();
}

// Reads to the end; the number of bytes, each of them right.
inline asio::awaitable<std::uint64_t> read_noise(Stream& stream) {
    std::vector<char> buffer(100'003);
    std::uint64_t total = 0;
    while (true) {
        const auto result = co_await read_some(stream, buffer);
        const std::size_t got = result.value();
        if (got == 0)
            co_return total;
        for (std::size_t i = 0; i < got;) {
            const auto expected =
                std::string_view(noise()).substr((total + i) % noise().size(), got - i);
            if (std::string_view(buffer.data() + i, expected.size()) != expected)
                throw std::runtime_error("wrong bytes after " + std::to_string(total));
            i += expected.size();
        }
        total += got;
    }
}

// Everything until the end, and the error that it ended with, if any.
struct Rest {
    std::string text;
    boost::system::error_code error;
};
inline asio::awaitable<Rest> read_rest(Stream& stream) {
    Rest rest;
    std::array<char, 4096> buffer;
    while (true) {
        const auto got = co_await read_some(stream, buffer);
        if (!got)
            rest.error = got.error().code;
        if (!got || *got == 0)
            co_return rest;
        rest.text.append(buffer.data(), *got);
    }
}

inline void reset(Stream& stream) {
    stream.reset_when_closed();
    stream.close();
}

class RelayFixture {
  public:
    RelayFixture(Family left, Family right, PipePoolOptions pipe_options)
        : pipes(pipe_options),
          left_(pair(left)),
          right_(pair(right)),
          client(std::move(left_.first)),
          server(std::move(right_.second)) {
        ignore_sigpipe();
    }

    void start(RelayOptions options = {}) {
        asio::co_spawn(
            context,
            relay(std::move(left_.second), std::move(right_.first), pipes, options, {}, &traffic),
            asio::bind_cancellation_slot(
                stop.slot(), [this](const std::exception_ptr&, RelayResult r) { result = r; }));
    }

    RelayResult wait() {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        context.restart();
        while (!result && context.run_one_until(end) > 0) {
        }
        return result.value();
    }

    template <class T>
    T run(asio::awaitable<T> work) {
        return core::run(context, std::move(work));
    }

    // Runs what can run without anything new from outside.
    void settle() {
        context.restart();
        while (context.poll() > 0) {
        }
    }

    // Runs for so long whatever there is to run.
    void pass(std::chrono::milliseconds time) {
        context.restart();
        context.run_for(time);
    }

    // The descriptor that the relay writes to for the server.
    [[nodiscard]] int second_number() { return right_.first.native_handle(); }

  private:
    std::pair<Stream, Stream> pair(Family family) {
        return family == Family::tcp ? tcp_pair(context.get_executor())
                                     : stream_pair(context.get_executor());
    }

  public:
    asio::io_context context;
    PipePool pipes;
    TrafficCounts traffic;
    asio::cancellation_signal stop;
    std::optional<RelayResult> result;

  private:
    std::pair<Stream, Stream> left_;
    std::pair<Stream, Stream> right_;

  public:
    Stream client;
    Stream server;
};

}  // namespace glovebox::core
