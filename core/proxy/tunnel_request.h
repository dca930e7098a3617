// SPDX-License-Identifier: Apache-2.0

// What a client asks a proxy for, in the protocol that its first byte tells: SOCKS begins with its
// version, 5 or 4, HTTP with a letter. It is a tunnel, or in HTTP one exchange.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/http/http_refusal.h"
#include "core/http/proxy_request.h"
#include "core/proxy/socks_parser.h"

namespace glovebox::core {

class TunnelRequest {
  public:
    enum class State { needs_more, complete, refused };

    // Parses the next bytes of the stream, of which there is at least one.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const;
    [[nodiscard]] bool has_begun() const { return has_begun_; }
    // What the client waits for before it goes on; empty if it waits for nothing.
    [[nodiscard]] std::string take_answer();
    // When complete.
    [[nodiscard]] const Target& target() const;
    [[nodiscard]] bool is_exchange() const;
    // A question of HTTP about the allowlist; null for another request.
    [[nodiscard]] const ProxyRequest* rule_question() const;
    // Of a tunnel.
    [[nodiscard]] std::string take_early_bytes();
    // Of an exchange.
    [[nodiscard]] ProxyRequest take_exchange() {
        return std::get<ProxyRequest>(std::move(parser_));
    }
    // When refused.
    [[nodiscard]] HttpRefusal refusal() const;

    // "CONNECT", "SOCKS", or an exchange's method.
    [[nodiscard]] std::string_view protocol() const;
    // What the client receives; a refusal by the number that the log names too.
    [[nodiscard]] std::string opened_message() const;
    [[nodiscard]] std::string refused_message(const HttpRefusal& refusal) const;
    [[nodiscard]] int status_of(const HttpRefusal& refusal) const;

  private:
    [[nodiscard]] bool is_socks() const { return std::holds_alternative<SocksParser>(parser_); }
    [[nodiscard]] SocksReply reply_to(const HttpRefusal& refusal) const;

    bool has_begun_ = false;
    std::variant<ProxyRequest, SocksParser> parser_;
};

}  // namespace glovebox::core
