// SPDX-License-Identifier: Apache-2.0

#include "core/stream/socket_endpoint.h"

#include <algorithm>
#include <cstring>

namespace glovebox::core {

using boost::asio::ip::tcp;

tcp::endpoint endpoint_of(const sockaddr_storage& address, socklen_t size) {
    // An endpoint's own size() is that of IPv4 until it has its bytes.
    tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), &address, std::min<std::size_t>(size, endpoint.capacity()));
    return endpoint;
}

tcp::endpoint local_endpoint(int socket) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
    return endpoint_of(bound, size);
}

}  // namespace glovebox::core
