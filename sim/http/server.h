// SPDX-License-Identifier: Apache-2.0

// An HTTP/1.1 server on TCP, with or without TLS, for services that are a function from request to
// response.
//
// Connections are kept alive; a body may come in chunks or after 100 Continue. TLS is 1.2 or later
// and speaks http/1.1 to clients that offer other protocols too (ALPN).
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

// Runs on the executor's threads, several at once where it has several; may compute, may not wait.
using Handler = std::function<Response(const Request&)>;

struct Address {
    std::string ip;  // "127.0.0.1", "::1"
    std::uint16_t port = 0;

    // Whether it can be reached from this machine alone.
    [[nodiscard]] bool is_loopback() const;
};

// "127.0.0.1:4599", "[::1]:0": an IP address and a port.
[[nodiscard]] Result<Address> parse_address(std::string_view text);
[[nodiscard]] std::string to_string(const Address& address);

struct ServerOptions {
    Address address;                 // port 0: any that is free
    std::optional<TlsIdentity> tls;  // none: plain HTTP
    std::size_t body_bytes_max = 1024 * 1024;
    std::size_t header_bytes_max = 64 * 1024;
    // How long a connection may take for a TLS handshake, until its next request is complete, and
    // for a response to be taken; 0: for ever.
    std::chrono::milliseconds idle_timeout{60000};
    // What `takes_long` says of is handled by `long_work`, so that nothing else waits behind it.
    // That executor's threads have ended before the server's executor is destroyed.
    std::function<bool(const Request&)> takes_long;
    boost::asio::any_io_executor long_work;
};

class Server {
  public:
    // Listens from now on, and serves as soon as the executor runs. Errors name the address.
    // `connections`, which several servers share, and `log` outlive the server and the executor's
    // work.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(
        boost::asio::any_io_executor executor, ServerOptions options, Handler handler,
        Connections& connections, Log& log);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // With the port that was chosen.
    [[nodiscard]] Address local() const;

    // Takes no more connections. Those that there are go on until the executor stops.
    void close();

  private:
    struct State;
    explicit Server(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace glovebox::http
