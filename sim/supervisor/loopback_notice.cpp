// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/loopback_notice.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstring>
#include <optional>
#include <string>

namespace glovebox::supervisor {
namespace {

struct LocalAddress {
    std::string text;  // "127.0.0.1:8080"
    std::uint16_t port = 0;
};

std::string text_of(int family, const void* address) {
    char text[INET6_ADDRSTRLEN] = "";
    return ::inet_ntop(family, address, text, sizeof text) == nullptr ? "" : text;
}

// Of a bind(2) to loopback or to every address, at a port that the program chose.
std::optional<LocalAddress> local_address(const SystemCall& call, Tracee& tracee) {
    const int length = call.int_argument(2);
    const auto family = length >= static_cast<int>(sizeof(sa_family_t))
                            ? tracee.read_value<sa_family_t>(call.arguments[1])
                            : OrErrno<sa_family_t>(Errno{EINVAL});
    if (!family)
        return std::nullopt;
    if (*family == AF_INET && length >= static_cast<int>(sizeof(sockaddr_in))) {
        const auto given = tracee.read_value<sockaddr_in>(call.arguments[1]);
        const std::uint32_t address = given ? ntohl(given->sin_addr.s_addr) : 1;
        if (given && given->sin_port != 0 && (address == INADDR_ANY || address >> 24 == 127))
            return LocalAddress{
                fmt::format("{}:{}", text_of(AF_INET, &given->sin_addr), ntohs(given->sin_port)),
                ntohs(given->sin_port)};
    }
    if (*family == AF_INET6 && length >= static_cast<int>(sizeof(sockaddr_in6))) {
        const auto given = tracee.read_value<sockaddr_in6>(call.arguments[1]);
        if (given && given->sin6_port != 0 &&
            (IN6_IS_ADDR_LOOPBACK(&given->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&given->sin6_addr)))
            return LocalAddress{fmt::format("[{}]:{}", text_of(AF_INET6, &given->sin6_addr),
                                            ntohs(given->sin6_port)),
                                ntohs(given->sin6_port)};
    }
    return std::nullopt;
}

// In the network namespace of the thread, whose interfaces a socket of every family knows; false
// where that can't be told.
bool is_loopback_down(Tracee& tracee) {
    const auto socket = tracee.make_socket(SOCK_DGRAM);
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    return socket && ::ioctl(socket->get(), SIOCGIFFLAGS, &request) == 0 &&
           (request.ifr_flags & IFF_UP) == 0;
}

}  // namespace

void LoopbackNotice::look(const SystemCall& call, Tracee& tracee) {
    if (was_told_ || call.number != SYS_bind)
        return;
    const auto address = local_address(call, tracee);
    if (!address || !is_loopback_down(tracee))
        return;
    was_told_ = true;
    log_.warning(
        "lo_down",
        "the program listens on {} while the interface lo is down, as it is in an enclave that has "
        "just booted, so nothing reaches it: run `ip link set lo up` first, or start the program "
        "with `glovebox forward --listen vsock:PORT={} -- PROGRAM`, which brings lo up and leads "
        "a vsock port to it",
        field("address", address->text), address->port);
}

}  // namespace glovebox::supervisor
