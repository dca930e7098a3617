// SPDX-License-Identifier: Apache-2.0

#include "core/forward/loopback_interface.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "core/address/proxy_error.h"
#include "core/base/unique_fd.h"

namespace glovebox::core {
namespace {

ifreq request_for_lo() {
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    return request;
}

bool has_address(int socket) {
    ifreq request = request_for_lo();
    return ::ioctl(socket, SIOCGIFADDR, &request) == 0;
}

// Most kernels give lo its address when it comes up; this is for the others.
int set_address(int socket) {
    ifreq request = request_for_lo();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&request.ifr_addr, &address, sizeof address);
    if (::ioctl(socket, SIOCSIFADDR, &request) != 0)
        return errno;
    address.sin_addr.s_addr = htonl(0xff000000);
    std::memcpy(&request.ifr_netmask, &address, sizeof address);
    return ::ioctl(socket, SIOCSIFNETMASK, &request) == 0 ? 0 : errno;
}

Error refuse(int errno_value) {
    if (errno_value == EPERM || errno_value == EACCES)
        return Error(ProxyError::not_permitted,
                     "the interface lo is down, and this process may not bring it up: give it "
                     "CAP_NET_ADMIN, or run \"ip link set lo up\" before it");
    return errno_error("the interface lo is down and can't be brought up", errno_value);
}

}  // namespace

Result<bool> bring_loopback_up() {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("the interface lo can't be looked at", errno);
    ifreq request = request_for_lo();
    if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0)
        return errno_error("the interface lo can't be looked at", errno);
    const bool was_down = (request.ifr_flags & IFF_UP) == 0;
    if (was_down) {
        request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
        if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
            return refuse(errno);
    }
    if (!has_address(socket.get()))
        if (const int failure = set_address(socket.get()); failure != 0)
            return refuse(failure);
    return was_down;
}

}  // namespace glovebox::core
