// SPDX-License-Identifier: Apache-2.0

// Connects to the first of several addresses that answers: the next one is tried when one has
// failed, and beside those that are silent for a while (Happy Eyeballs, RFC 8305 section 5).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/stream/stream.h"

namespace glovebox::core {

struct DialRace {
    // Who answered; empty if nobody did.
    std::optional<std::pair<boost::asio::ip::tcp::endpoint, Stream>> winner;
    // In the order in which they came. Errors: errno's, ProxyError::connect_timed_out; when it is
    // cancelled, operation_aborted as the last.
    std::vector<std::pair<boost::asio::ip::tcp::endpoint, Error>> failures;
};

// `endpoints` has at least one. `patience` is for all of them together. At most `attempts_max` are
// under way at a time, a descriptor each: with fewer than endpoints, each has its share of the
// patience, and the oldest makes room for the next.
[[nodiscard]] boost::asio::awaitable<DialRace> race_to(
    std::vector<boost::asio::ip::tcp::endpoint> endpoints, std::chrono::milliseconds patience,
    std::size_t attempts_max);

}  // namespace glovebox::core
