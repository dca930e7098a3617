// SPDX-License-Identifier: Apache-2.0

// Each test forks a child into network namespaces of its own, so this machine's lo is never
// touched.
#include "core/egress/local_addresses.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "core/address/proxy_error.h"
#include "core/base/unique_fd.h"
#include "core/dns/name_addresses.h"
#include "core/testing/fresh_network.h"

namespace glovebox::core {
namespace {

// Whether a connection to the address reaches a listener on all addresses, by that address.
template <class Address>
bool reaches(int family, Address any, Address to) {
    const UniqueFd server(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UniqueFd client(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = sizeof any;
    auto* generic = reinterpret_cast<sockaddr*>(&any);
    if (::bind(server.get(), generic, size) != 0 || ::listen(server.get(), 1) != 0 ||
        ::getsockname(server.get(), generic, &size) != 0)
        return false;
    std::memcpy(reinterpret_cast<char*>(&to) + 2, reinterpret_cast<char*>(&any) + 2, 2);  // port
    if (::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
        return false;
    const UniqueFd accepted(::accept(server.get(), nullptr, nullptr));
    Address meant{};
    size = sizeof meant;
    return ::getsockname(accepted.get(), reinterpret_cast<sockaddr*>(&meant), &size) == 0 &&
           std::memcmp(&meant, &to, sizeof to) == 0;
}

bool reaches_ipv4(const char* text) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    sockaddr_in to = any;
    ::inet_pton(AF_INET, text, &to.sin_addr);
    return reaches(AF_INET, any, to);
}

bool reaches_ipv6(const char* text) {
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    sockaddr_in6 to = any;
    ::inet_pton(AF_INET6, text, &to.sin6_addr);
    return reaches(AF_INET6, any, to);
}

TEST(LocalAddresses, AListenerGetsTheConnectionsToEveryAddress) {
    const int status = in_fresh_network([] {
        const auto first = make_every_address_local(NameAddresses::network());
        if (!first || !first->lo_was_down)
            return 1;
        for (const char* text : {"198.18.0.2", "198.19.255.254", "192.0.2.7", "127.0.0.1",
                                 "10.0.0.1", "169.254.169.254"})
            if (!reaches_ipv4(text))
                return 2;
        if (first->has_ipv6 && (!reaches_ipv6("2001:db8::7") || !reaches_ipv6("::1") ||
                                !reaches_ipv6("fd67:6c6f:7665::c612:2")))
            return 3;
        const auto again = make_every_address_local(NameAddresses::network());
        return again && !again->lo_was_down && again->has_ipv6 == first->has_ipv6 ? 0 : 4;
    });
    SKIP_WITHOUT_NAMESPACES(status);
    EXPECT_EQ(status, 0);
}

TEST(LocalAddresses, WithoutThePrivilegeTheSentenceNamesTheCure) {
    const int status = in_fresh_network([] {
        if (!give_up_capabilities())
            return 4;
        const auto result = make_every_address_local(NameAddresses::network());
        if (result)
            return 1;
        if (result.error().code != ProxyError::not_permitted)
            return 2;
        return result.error().message.find("CAP_NET_ADMIN") != std::string::npos ? 0 : 3;
    });
    SKIP_WITHOUT_NAMESPACES(status);
    EXPECT_EQ(status, 0);
}

TEST(LocalAddresses, ANetworkWithAnotherInterfaceIsLeftAlone) {
    const int status = in_fresh_network([] {
        if (std::system("ip link add veth-a up type veth peer name veth-b 2>/dev/null") != 0)
            return exit_no_namespace;
        const auto result = make_every_address_local(NameAddresses::network());
        if (result || result.error().message.find("veth-a") == std::string::npos)
            return 1;
        return reaches_ipv4("192.0.2.7") ? 2 : 0;
    });
    if (status == exit_no_namespace)
        GTEST_SKIP() << "no namespace, or no veth in this kernel";
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace glovebox::core
