// SPDX-License-Identifier: Apache-2.0

// Each test forks a child into network namespaces of its own, so this machine's lo is never
// touched.
#include "core/forward/loopback_interface.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/address/proxy_error.h"
#include "core/base/unique_fd.h"
#include "core/testing/fresh_network.h"

namespace glovebox::core {
namespace {

bool can_connect_loopback() {
    const UniqueFd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    return ::bind(server.get(), generic, size) == 0 && ::listen(server.get(), 1) == 0 &&
           ::getsockname(server.get(), generic, &size) == 0 &&
           ::connect(client.get(), generic, size) == 0;
}

TEST(LoopbackInterface, IsBroughtUpWhereItIsDown) {
    const int status = in_fresh_network([] {
        if (can_connect_loopback())
            return 1;  // lo was not down: the test shows nothing
        const auto was_down = bring_loopback_up();
        if (!was_down || !*was_down)
            return 2;
        if (!can_connect_loopback())
            return 3;
        const auto again = bring_loopback_up();
        return again && !*again ? 0 : 4;
    });
    SKIP_WITHOUT_NAMESPACES(status);
    EXPECT_EQ(status, 0);
}

TEST(LoopbackInterface, WithoutThePrivilegeTheSentenceNamesTheCure) {
    const int status = in_fresh_network([] {
        if (!give_up_capabilities())
            return 4;
        const auto result = bring_loopback_up();
        if (result)
            return 1;
        if (result.error().code != ProxyError::not_permitted)
            return 2;
        return result.error().message.find("CAP_NET_ADMIN") != std::string::npos ? 0 : 3;
    });
    SKIP_WITHOUT_NAMESPACES(status);
    EXPECT_EQ(status, 0);
}

TEST(LoopbackInterface, IsLeftAloneWhereItIsUp) {
    if (!can_connect_loopback())
        GTEST_SKIP() << "lo is down here, and it is not this test's to change";
    const auto was_down = bring_loopback_up();
    ASSERT_TRUE(was_down) << was_down.error().message;
    EXPECT_FALSE(*was_down);
}

}  // namespace
}  // namespace glovebox::core
