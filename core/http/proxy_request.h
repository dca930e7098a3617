// SPDX-License-Identifier: Apache-2.0

// The head of a request to an HTTP proxy (RFC 9110, RFC 9112), read strictly. It has one of two
// forms:
//
//   CONNECT example.com:443 HTTP/1.1\r\n               a tunnel: the client's bytes follow the 200
//   Host: example.com:443\r\n
//   \r\n
//
//   GET http://example.com/index.html HTTP/1.1\r\n     an exchange: one request and its response,
//   Host: example.com\r\n                              then the next head
//   \r\n
//
// An exchange that goes no further than the proxy (Max-Forwards: 0) is a question to the proxy
// itself: rule_question.h.
//
// An ambiguous head is refused, never repaired: one with a bare LF, a folded line, a blank before a
// field's colon, userinfo, two lengths, or a length beside a Transfer-Encoding. So the proxy and a
// server behind it cannot read two different requests from the same bytes. The refusal is one
// sentence for the user of the client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/target.h"
#include "core/base/error.h"
#include "core/http/http_refusal.h"

namespace glovebox::core {

// Request line, fields and the empty line together. The RFC has no limit; these are Glovebox's.
inline constexpr std::size_t connect_head_size_max = 8 * 1024;
inline constexpr std::size_t exchange_head_size_max = 32 * 1024;

class ProxyRequest {
  public:
    enum class State { needs_more, complete, refused };

    // Parses the next bytes of the stream, in pieces of any size; the result does not depend on
    // their sizes. Once the head is complete, further bytes are kept for take_early_bytes(); once
    // it is refused, they are dropped.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] bool has_begun() const { return !head_.empty(); }

    // When complete.
    [[nodiscard]] bool is_tunnel() const { return method_ == "CONNECT"; }
    // Whether target() would be allowed, at one of the ports, which are ascending.
    [[nodiscard]] bool is_rule_question() const { return is_rule_question_; }
    [[nodiscard]] std::vector<TcpPort> question_ports() const;
    [[nodiscard]] const std::string& method() const { return method_; }
    [[nodiscard]] const Target& target() const { return target_; }
    // What an exchange asks the target for: "/index.html?x=1", or "*" for its options as a whole.
    [[nodiscard]] const std::string& origin_form() const { return origin_form_; }
    // The whole head as it came.
    [[nodiscard]] std::string take_head() { return std::move(head_); }
    // The bytes after the head: the tunnel's, to be sent on only after the 200, or the body and
    // further requests.
    [[nodiscard]] std::string take_early_bytes() { return std::move(early_); }

    // When refused.
    [[nodiscard]] const HttpRefusal& refusal() const { return refusal_; }

  private:
    [[nodiscard]] std::size_t size_max() const;
    [[nodiscard]] std::string_view line() const { return std::string_view(head_).substr(line_); }
    void take_line(std::string_view line);
    void take_request_line(std::string_view line);
    void take_authority(std::string_view authority);
    void take_uri(std::string_view uri);
    void take_field(std::string_view line);
    void take_end();
    void refuse(HttpStatus status, std::string sentence);

    State state_ = State::needs_more;
    std::string head_;
    std::size_t line_ = 0;  // where the current, unfinished line begins
    bool is_http_1_0_ = false;
    bool has_host_ = false;
    bool has_length_ = false;
    bool is_chunked_ = false;
    bool is_rule_question_ = false;
    std::vector<TcpPort> question_ports_;  // empty: the target's
    std::string method_;
    Target target_{IpAddress(), 0};
    std::string origin_form_;
    std::string early_;
    HttpRefusal refusal_;
};

}  // namespace glovebox::core
