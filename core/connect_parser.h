// SPDX-License-Identifier: Apache-2.0

// The head of an HTTP CONNECT request (RFC 9110 9.3.6, RFC 9112), read strictly.
//
//   CONNECT example.com:443 HTTP/1.1\r\n
//   Host: example.com:443\r\n
//   User-Agent: curl/7.88.1\r\n
//   \r\n
//   ...bytes of the tunnel, if the client sends them before it has the 200
//
// An ambiguous head is refused, never repaired: one with a body, userinfo, a bare LF, a folded line
// or a blank before a field's colon. The refusal is one sentence for the user of the client.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/http_refusal.h"
#include "core/target.h"

namespace glovebox::core {

// Request line, fields and the empty line together. The RFC has no limit; this one is Glovebox's.
inline constexpr std::size_t connect_head_size_max = 8 * 1024;

class ConnectParser {
  public:
    enum class State { needs_more, complete, refused };

    // Parses the next bytes of the stream, in pieces of any size; the result does not depend on
    // their sizes. Once the head is complete, further bytes are kept for take_early_bytes(); once
    // it is refused, they are dropped.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const { return state_; }
    // When complete.
    [[nodiscard]] const Target& target() const { return target_; }
    // When complete: the bytes after the head. Send them on only after the 200.
    [[nodiscard]] std::string take_early_bytes() { return std::move(early_); }
    // When refused.
    [[nodiscard]] const HttpRefusal& refusal() const { return refusal_; }

  private:
    void take_line(std::string_view line);
    void take_request_line(std::string_view line);
    void take_authority(std::string_view authority);
    void take_field(std::string_view line);
    void refuse(HttpStatus status, std::string sentence);

    State state_ = State::needs_more;
    std::string line_;      // the current, unfinished line
    std::size_t size_ = 0;  // of the head so far
    bool seen_request_ = false;
    bool seen_host_ = false;
    bool seen_length_ = false;
    Target target_{IpAddress(), 0};
    std::string early_;
    HttpRefusal refusal_;
};

}  // namespace glovebox::core
