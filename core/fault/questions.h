// SPDX-License-Identifier: Apache-2.0

// The other side of a Client: questions on a socket in a world's directory (client.h).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <optional>

#include "core/base/error.h"
#include "core/stream/acceptor.h"
#include "core/stream/stream.h"

namespace glovebox::fault {

// In place of a socket that a process which was killed has left. Errors: errno's.
[[nodiscard]] Result<core::Acceptor> listen_for_questions(
    const boost::asio::any_io_executor& executor, int directory, const char* name);

// The next one; nothing once the client has gone. A message that is no object is an empty question.
[[nodiscard]] boost::asio::awaitable<std::optional<boost::json::object>> read_question(
    core::Stream& client);

// Whether the client took it.
[[nodiscard]] bool send_answer(core::Stream& client, const boost::json::object& answer);

}  // namespace glovebox::fault
