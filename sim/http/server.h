// SPDX-License-Identifier: Apache-2.0

// An HTTP/1.1 server on TCP, with or without TLS, for services that are a function from request to
// response.
//
// Connections are kept alive. A body may be chunked, or wait for 100 Continue. TLS is version 1.2
// or later, and chooses http/1.1 from the protocols that a client offers (ALPN). The server itself
// answers 400 to bytes that are not HTTP/1.1, 413 to a body and 431 to headers that are too long,
// and 500 if the handler throws.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/log.h"
#include "sim/http/connections.h"
#include "sim/http/message.h"
#include "sim/http/tls_identity.h"

namespace glovebox::http {

// Called on the executor's threads, several at once if it has several. It may compute, and must not
// wait.
using Handler = std::function<Response(const Request&)>;

struct Address {
    std::string ip;  // "127.0.0.1", "::1"
    std::uint16_t port = 0;

    // Whether it can be reached from this machine only.
    [[nodiscard]] bool is_loopback() const;
};

// Reads an IP address and a port: "127.0.0.1:4599", "[::1]:0". Names are errors.
[[nodiscard]] Result<Address> parse_address(std::string_view text);
[[nodiscard]] std::string to_string(const Address& address);

struct ServerOptions {
    Address address;                 // port 0: any free port
    std::optional<TlsIdentity> tls;  // empty: plain HTTP
    std::size_t body_bytes_max = 1024 * 1024;
    std::size_t header_bytes_max = 64 * 1024;
    // The longest time for a TLS handshake, from there or the last response until the next request
    // is complete, and for the client to take a response. 0: no limit.
    std::chrono::milliseconds idle_timeout{60000};
    // Requests for which `takes_long` returns true are handled on `long_work`, so that other
    // requests do not wait for them. Without it, none are. That executor's threads end before the
    // server's executor is destroyed.
    std::function<bool(const Request&)> takes_long;
    boost::asio::any_io_executor long_work;
};

class Server {
  public:
    // Listens from now on, and serves when the executor runs. The error names the address.
    // `connections`, which several servers may share, and `log` outlive the server and the
    // executor's work.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(
        boost::asio::any_io_executor executor, ServerOptions options, Handler handler,
        Connections& connections, Log& log);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // The address it listens on, with the actual port.
    [[nodiscard]] Address local() const;

    // Accepts no more connections. Open ones continue until the executor stops.
    void close();

  private:
    struct State;
    explicit Server(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace glovebox::http
