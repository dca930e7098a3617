// SPDX-License-Identifier: Apache-2.0

// HTTPS GET through a CONNECT proxy, as a program inside an enclave does it: HTTPS_PROXY names
// `glovebox forward
// --http-proxy` on loopback, which leads over vsock to `glovebox proxy` on the parent. TLS ends
// here, in the enclave.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "core/base/error.h"

namespace glovebox::example {

struct HttpsAnswer {
    unsigned status = 0;
    std::string body;
};

struct HttpsRequest {
    std::string url;         // https://HOST[:PORT]/PATH; HOST may be an address
    std::string proxy;       // http://ADDRESS:PORT
    std::string trust_file;  // PEM; the only roots that are trusted
};

// Errors name the step that failed: the proxy (with its status and sentence), TLS, or HTTP.
[[nodiscard]] boost::asio::awaitable<Result<HttpsAnswer>> https_get(HttpsRequest request);

}  // namespace glovebox::example
