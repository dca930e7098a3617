// SPDX-License-Identifier: Apache-2.0

// One request of an HTTP proxy's client and its response, carried between two streams:
//
//   client --GET http://example.com/x--> exchange --GET /x, Host: example.com--> target
//
// Both messages are parsed and written anew, so what a peer sends beyond its message reaches
// nobody as one. Bodies stream through a buffer of a fixed size in each direction: a receiver that
// is slow holds its sender back. Interim responses (100 Continue) are passed on; a switch of
// protocols (Upgrade) is not offered. The target's connection serves this one request.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/http/http_refusal.h"
#include "core/http/proxy_request.h"
#include "core/relay/traffic_counts.h"
#include "core/stream/stream.h"

namespace glovebox::core {

struct ExchangeOptions {
    std::chrono::milliseconds idle_timeout{std::chrono::hours(1)};  // without a byte; zero: never
    // How often to look whether the client, which waits, is still there.
    std::chrono::milliseconds look_interval{5000};
    // Whether the client has to open another connection for its next request.
    std::function<bool()> is_last = [] { return false; };
};

struct ExchangeResult {
    // No response has begun, and the client is to be told this.
    std::optional<HttpRefusal> refusal;
    // The response broke off: its end must not look like a complete one.
    bool was_cut = false;
    // Why it failed or broke off; empty for a whole response.
    std::string failure;
    bool client_left = false;   // is the failure
    int status = 0;             // of the response; 0: none has begun
    bool client_stays = false;  // its next request follows on the connection
    std::string unread;         // bytes of that request
};

// `request` is an exchange, and `client`, `target` and `traffic` outlive the call. What it carries,
// heads included, is added to `traffic` as it goes. Cancel it with Asio's cancellation.
[[nodiscard]] boost::asio::awaitable<ExchangeResult> exchange(Stream& client, Stream& target,
                                                              ProxyRequest request,
                                                              ExchangeOptions options,
                                                              TrafficCounts& traffic);

}  // namespace glovebox::core
