// SPDX-License-Identifier: Apache-2.0

// A proxy's answer to CONNECT: an open tunnel, or a refusal with its reason.
//
//   HTTP/1.1 200 Connection established\r\n\r\n...bytes of the tunnel
//   HTTP/1.1 403 Forbidden\r\n...\r\n\r\nexample.com:443 is not in the allowlist: ...
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace glovebox::core {

class ConnectAnswer {
  public:
    enum class State {
        needs_more,  // of the head
        opened,
        refused,  // further bytes are the reason
        not_http,
    };

    // Of the status line and the fields together. The RFC has no limit; this one is Glovebox's.
    static constexpr std::size_t head_bytes_max = 8 * 1024;
    static constexpr std::size_t reason_bytes_max = 1024;

    // Takes the next bytes, in pieces of any size; the result does not depend on their sizes.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const { return state_; }
    // 100 to 599, when opened or refused.
    [[nodiscard]] int status() const { return status_; }
    // Whether the head has this line, byte by byte.
    [[nodiscard]] bool has_line(std::string_view line) const;
    // When refused: the answer's first line of text so far, or "status 403" without one.
    [[nodiscard]] std::string reason() const;
    // When opened: the bytes that came behind the head.
    [[nodiscard]] std::string take_early_bytes() { return std::move(rest_); }

  private:
    State state_ = State::needs_more;
    std::string head_;
    std::string rest_;
    int status_ = 0;
};

}  // namespace glovebox::core
