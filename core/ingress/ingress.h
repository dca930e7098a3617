// SPDX-License-Identifier: Apache-2.0

// What a connection from outside goes through before its bytes go to an enclave:
//
//   PROXY header   of a load balancer in front, whose address is trusted to name the client
//   limits         for each client
//   name           which enclave, where a listener has many: by TLS's SNI or HTTP's Host
//   PROXY header   to servers that want to know the client's address
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address/ip_address.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/ingress/client_limits.h"
#include "core/ingress/name_request.h"
#include "core/ingress/name_routes.h"
#include "core/ingress/proxy_protocol.h"
#include "core/metrics/proxy_metrics.h"
#include "core/stream/stream.h"

namespace glovebox::core {

struct IngressOptions {
    NameRoutes routes{};
    // Clients from here begin with a PROXY header, always.
    std::vector<IpNetwork> proxy_protocol_from{};
    // Servers that expect a PROXY header; "any" stands for every CID or port.
    std::vector<VsockAddress> proxy_protocol_to{};
    ClientLimits limits{};
    // For the whole of what is read before a connection goes on.
    std::chrono::milliseconds head_timeout{10'000};
};

// A connection that may go on.
struct IngressArrival {
    boost::asio::ip::tcp::endpoint client;  // by the PROXY header, if there was one
    VsockAddress to;
    std::string header{};                  // to be sent to the server first
    std::string first_bytes{};             // of the client, to be sent behind it
    std::optional<NameRequest> request{};  // of a listener with many names
    std::optional<ClientLimits::Ticket> ticket{};

    // The name that the client asked for; empty without.
    [[nodiscard]] std::string name() const;
    // "api.example.com (vsock 16:8443)".
    [[nodiscard]] std::string description() const;
    // Once they were sent.
    void forget_bytes();
};

// What has become of a connection that was read. Without an arrival, the client has its answer, and
// the log the reason.
struct IngressOutcome {
    std::unique_ptr<IngressArrival> arrival;
    std::optional<ProxyRefusal> refusal;  // empty if the client left
};

class Ingress {
  public:
    // The log outlives it.
    Ingress(IngressOptions options, Log& log);

    // Whether receive() does anything for a listener that leads to `to`, or to many (none).
    [[nodiscard]] bool has_work_for(const std::optional<VsockAddress>& to) const;

    // Reads the bytes by which it is decided whether the connection goes on.
    [[nodiscard]] boost::asio::awaitable<IngressOutcome> receive(
        Stream& client, boost::asio::ip::tcp::endpoint peer, std::optional<VsockAddress> to) const;

  private:
    struct Reading;

    [[nodiscard]] bool is_trusted(const boost::asio::ip::tcp::endpoint& peer) const;
    [[nodiscard]] bool wants_header(VsockAddress to) const;
    [[nodiscard]] boost::asio::awaitable<bool> read_header(Stream& client, Reading& reading) const;
    [[nodiscard]] boost::asio::awaitable<bool> read_name(Stream& client, Reading& reading) const;
    [[nodiscard]] bool admit(Stream& client, Reading& reading) const;
    // Tells client and log, and closes.
    [[nodiscard]] boost::asio::awaitable<void> refuse(Stream client, std::string who,
                                                      std::string why, std::string message) const;

    IngressOptions options_;
    Log& log_;
};

}  // namespace glovebox::core
