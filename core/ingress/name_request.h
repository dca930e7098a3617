// SPDX-License-Identifier: Apache-2.0

// Which server a client wants, by its first bytes: those of TLS or of HTTP, which the very first
// byte tells.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/address/host_name.h"
#include "core/ingress/client_hello.h"
#include "core/ingress/request_host.h"

namespace glovebox::core {

class NameRequest {
  public:
    enum class State { needs_more, complete, refused };

    // Reads the next bytes of the stream, of which there is at least one, in pieces of any size.
    // They are the client's: the server receives each of them.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const;
    // When complete; empty if the client names none.
    [[nodiscard]] const std::optional<HostName>& name() const;

    // When refused: the reason, and what the client receives. An empty message is a reset.
    [[nodiscard]] std::string sentence() const;
    [[nodiscard]] std::string refused_message() const;

    // What a client receives whose name leads nowhere; whose server can't be reached; whose request
    // did not come in time.
    [[nodiscard]] std::string unknown_message(std::string sentence) const;
    [[nodiscard]] std::string unreachable_message(const Error& failure) const;
    [[nodiscard]] std::string late_message(std::string sentence) const;

    // "TLS", "HTTP", or "neither TLS nor HTTP".
    [[nodiscard]] std::string_view protocol() const;

  private:
    [[nodiscard]] std::string message(TlsAlert alert, HttpStatus status,
                                      std::string_view proxy_error, std::string sentence) const;

    using Neither = std::monostate;

    // None before the first byte, and for one that is neither's.
    std::variant<Neither, ClientHelloReader, RequestHostReader> reader_;
    bool has_begun_ = false;
};

}  // namespace glovebox::core
