// SPDX-License-Identifier: Apache-2.0

// A question to an HTTP proxy about its allowlist, which opens no connection to the host:
//
//   OPTIONS http://example.com HTTP/1.1\r\n      may a connection to example.com be opened,
//   Host: example.com\r\n                        at one of these ports or more?
//   Max-Forwards: 0\r\n
//   Glovebox-Ports: 80,443\r\n
//   \r\n
//
//   HTTP/1.1 204 No Content\r\n                  it may, unless the name's addresses are refused
//   HTTP/1.1 403 Forbidden\r\n                   never; the body names the missing rule
//
// Max-Forwards: 0 addresses the proxy itself (RFC 9110, 7.6.2). Without Glovebox-Ports the question
// is about the URL's port. Both answers have Proxy-Status: glovebox (RFC 9209), so that another
// proxy's or a server's 403 is not taken for the allowlist's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/target.h"
#include "core/base/error.h"
#include "core/stream/stream.h"

namespace glovebox::core {

inline constexpr std::string_view question_ports_field = "glovebox-ports";

// The answer to a question whose target is allowed; a refusal is an HttpRefusal.
inline constexpr std::string_view rule_question_allowed =
    "HTTP/1.1 204 No Content\r\nProxy-Status: glovebox\r\nConnection: close\r\n\r\n";

// The question, whole. `ports` are ascending and at least one.
[[nodiscard]] std::string rule_question(const HostName& name, const std::vector<TcpPort>& ports);

// Asks, on a stream of its own. Returns nothing if the name is allowed, and the proxy's reason if
// it is not. Errors: ProxyError::tunnel_refused if the proxy does not answer such questions;
// timed_out without an answer within `patience`; errno's.
[[nodiscard]] boost::asio::awaitable<Result<std::optional<std::string>>> ask_about_rules(
    Stream& proxy, std::string question, std::chrono::milliseconds patience);

}  // namespace glovebox::core
