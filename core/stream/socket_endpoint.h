// SPDX-License-Identifier: Apache-2.0

// TCP addresses between the kernel's form and Asio's.
#pragma once

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>

namespace glovebox::core {

[[nodiscard]] boost::asio::ip::tcp::endpoint endpoint_of(const sockaddr_storage& address,
                                                         socklen_t size);

// Of a TCP socket, as getsockname(2) says.
[[nodiscard]] boost::asio::ip::tcp::endpoint local_endpoint(int socket);

}  // namespace glovebox::core
