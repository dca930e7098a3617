// SPDX-License-Identifier: Apache-2.0

// The client's side of HTTP CONNECT (RFC 9110 9.3.6): a stream to a proxy becomes a stream to a
// target.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "core/address/target.h"
#include "core/base/error.h"
#include "core/http/connect_answer.h"
#include "core/stream/stream.h"

namespace glovebox::core {

// The request, whole: its Host field has the target again.
[[nodiscard]] std::string connect_request(const Target& target);

// Sends a request and reads the answer's head, and the reason of a refusal. Errors: timed_out
// without an answer within `patience`; errno's.
[[nodiscard]] boost::asio::awaitable<Result<ConnectAnswer>> ask_proxy(
    Stream& proxy, std::string request, std::chrono::milliseconds patience);

// Asks for the target and returns the bytes of the tunnel that came with the answer. Errors:
// ProxyError::tunnel_refused, with the proxy's reason; timed_out without an answer within
// `patience`; errno's.
[[nodiscard]] boost::asio::awaitable<Result<std::string>> open_tunnel(
    Stream& proxy, Target target, std::chrono::milliseconds patience);

}  // namespace glovebox::core
