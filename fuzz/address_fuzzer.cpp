// SPDX-License-Identifier: Apache-2.0

// Addresses and what is listened on, as a peer's socket name, a request or a world file has them.
// glibc is the judge of addresses. What is read is written and read again with the same value.

#include <arpa/inet.h>

#include <string>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"
#include "core/address/port_list.h"
#include "core/address/target.h"
#include "core/address/vsock_address.h"
#include "core/forward/forward_route.h"
#include "core/ingress/name_routes.h"
#include "core/proxy/inward_route.h"
#include "core/proxy/proxy_route.h"
#include "fuzz/require.h"
#include "transports/socket_name.h"

namespace {

using namespace glovebox;

void check_ip(const std::string& text) {
    const auto address = core::parse_ip_address(text);
    if (!address)
        return;
    std::uint8_t theirs[16];
    require(inet_pton(address->is_v6() ? AF_INET6 : AF_INET, text.c_str(), theirs) == 1);
    if (address->is_v6()) {
        const auto ours = address->to_v6().to_bytes();
        require(std::equal(ours.begin(), ours.end(), theirs));
    } else {
        const auto ours = address->to_v4().to_bytes();
        require(std::equal(ours.begin(), ours.end(), theirs));
    }
    require(core::IpNetwork::of(core::unmapped(*address)).contains(core::unmapped(*address)));
}

void check_network(const std::string& text) {
    const auto network = core::IpNetwork::parse(text);
    if (!network)
        return;
    const auto again = core::IpNetwork::parse(core::to_string(*network));
    require(again && *again == *network);
    require(network->contains(network->address));
    require(network->is_within(*network));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (text.find('\0') == std::string::npos)
        check_ip(text);
    else
        require(!core::parse_ip_address(text));
    check_network(text);
    if (const auto ports = core::parse_port_list(text)) {
        const auto again = core::parse_port_list(core::to_string(*ports));
        require(again && *again == *ports);
    }
    if (const auto target = core::parse_target(text)) {
        const auto again = core::parse_target(core::to_string(*target));
        require(again && *again == *target);
        require(core::split_host_and_port(text).has_value());
    }
    if (const auto port = core::parse_tcp_port(text))
        require(std::to_string(*port) == text);
    if (const auto address = core::parse_vsock_address(text)) {
        const auto again = core::parse_vsock_address(core::to_string(*address));
        require(again && *again == *address);
    }
    static_cast<void>(core::parse_cid(text));
    if (const auto peer = transports::parse_socket_name(text)) {
        require(peer->cid != core::cid_any && peer->port != core::port_any);
        const auto again = transports::parse_socket_name(transports::socket_name(*peer));
        require(again && *again == *peer);
    }
    static_cast<void>(core::parse_forward_route(text));
    static_cast<void>(core::parse_http_proxy_route(text));
    static_cast<void>(core::parse_name_route(text));
    static_cast<void>(core::parse_inward_route(text));
    static_cast<void>(core::parse_proxy_route(text));
    static_cast<void>(core::parse_parent_route(text));
    return 0;
}
