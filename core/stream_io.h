// SPDX-License-Identifier: Apache-2.0

// The few reads and writes that happen outside a relay: a request's head, a proxy's answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/transport.h"

namespace glovebox::core {

// At least one byte, or 0 at the end of the stream.
[[nodiscard]] boost::asio::awaitable<Result<std::size_t>> read_some(Stream& stream,
                                                                    std::span<char> into);

// All of `text`, which outlives the call.
[[nodiscard]] boost::asio::awaitable<Result<std::size_t>> write_all(Stream& stream,
                                                                    std::string_view text);

// Writes `text` and closes, so that the peer can read it: what the peer still sends is read and
// dropped for a while, since closing over unread bytes is a reset, which would overtake the text.
[[nodiscard]] boost::asio::awaitable<void> say_and_close(Stream stream, std::string text);

}  // namespace glovebox::core
