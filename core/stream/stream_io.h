// SPDX-License-Identifier: Apache-2.0

// Reads and writes outside a relay: a request's head, a proxy's answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/stream/stream.h"

namespace glovebox::core {

// Until the event has come, and others have had their turn. Errors: operation_aborted.
[[nodiscard]] boost::asio::awaitable<Result<void>> turn(Stream& stream, Stream::Event event);

// Reads at least one byte; 0 at the end of the stream.
[[nodiscard]] boost::asio::awaitable<Result<std::size_t>> read_some(Stream& stream,
                                                                    std::span<char> into);

// Writes all of `text`, which outlives the call.
[[nodiscard]] boost::asio::awaitable<Result<std::size_t>> write_all(Stream& stream,
                                                                    std::string_view text);

// Writes `text` and closes so that the peer can read it. A close with unread bytes is a reset,
// which would overtake the text, so further bytes from the peer are read and dropped for a while.
[[nodiscard]] boost::asio::awaitable<void> say_and_close(Stream stream, std::string text);

}  // namespace glovebox::core
