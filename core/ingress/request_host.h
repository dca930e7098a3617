// SPDX-License-Identifier: Apache-2.0

// The head of an HTTP request, read for the host that the client wants: its Host field, or the
// authority of a target in absolute form, which precedes it (RFC 9112 3.2). Boost.Beast parses.
//
// A head that two servers could read differently is refused, never repaired: one with two Host
// fields, a folded line or a bare LF.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/address/host_name.h"
#include "core/http/http_refusal.h"

namespace glovebox::core {

// Request line, fields and the empty line together.
inline constexpr std::size_t request_head_size_max = 8 * 1024;

class RequestHostReader {
  public:
    enum class State { needs_more, complete, refused };

    // Reads the next bytes of the stream, in pieces of any size; the result does not depend on
    // their sizes. Bytes behind the head are not looked at.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const { return state_; }
    // When complete; empty if the client names no host, or an address. HTTP/2 without TLS names its
    // host behind its head, in a form that is not read here, so it is empty, too.
    [[nodiscard]] const std::optional<HostName>& name() const { return name_; }
    // When refused.
    [[nodiscard]] const HttpRefusal& refusal() const { return refusal_; }

  private:
    void take_line();
    void take_head();
    void take_authority(std::string_view authority);
    void refuse(HttpStatus status, std::string sentence);

    State state_ = State::needs_more;
    std::string head_;
    bool seen_request_line_ = false;
    std::optional<HostName> name_;
    HttpRefusal refusal_;
};

}  // namespace glovebox::core
