// SPDX-License-Identifier: Apache-2.0

// The heads that a proxy sends on: what is meant for the other end stays, what was meant for this
// connection goes (RFC 9110 7.6.1), and Via is added (7.6.3).
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace glovebox::core {

using ForwardedRequest = boost::beast::http::request<boost::beast::http::buffer_body>;
using ForwardedResponse = boost::beast::http::response<boost::beast::http::buffer_body>;

// How the receiver knows where a body ends.
struct BodyFraming {
    std::optional<std::uint64_t> length;
    bool is_chunked = false;  // neither: there is no body, or it ends with the connection
};

// In the place of a URL, the target's own form and its Host (RFC 9112 3.2.2). The connection to the
// target is for this one request.
[[nodiscard]] ForwardedRequest forwarded_request(const ForwardedRequest& received,
                                                 std::string_view origin_form,
                                                 std::string_view host, BodyFraming framing);

[[nodiscard]] ForwardedResponse forwarded_response(const ForwardedResponse& received,
                                                   BodyFraming framing, bool closes);

}  // namespace glovebox::core
