// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/proxy_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

using testing::HasSubstr;

TEST(ProxyRoute, AFixedTargetAndAConnectProxyAreRead) {
    const auto fixed = parse_proxy_route("8000=kms.us-east-1.amazonaws.com:443").value();
    EXPECT_EQ(fixed.listen, (VsockAddress{cid_any, 8000}));
    EXPECT_EQ(destination_of(fixed), "kms.us-east-1.amazonaws.com:443");
    const auto connect = parse_proxy_route("4294967294=connect").value();
    EXPECT_EQ(connect.listen.port, 4294967294U);
    EXPECT_EQ(destination_of(connect), "CONNECT");
    EXPECT_EQ(parse_proxy_route("any=[2001:db8::7]:443").value().listen.port, port_any);
}

TEST(ProxyRoute, AnEnclavesCidInPlaceOfTheHostIsRecognised) {
    for (const char* text : {"8000=19:443", "8000=16", "8000=16:5005"}) {
        const auto route = parse_proxy_route(text);
        ASSERT_FALSE(route) << text;
        EXPECT_THAT(route.error().message, HasSubstr("enclave's CID")) << text;
        EXPECT_THAT(route.error().message, HasSubstr("glovebox forward")) << text;
    }
}

TEST(ProxyRoute, AnythingElseIsRefused) {
    for (const char* text :
         {"", "8000", "=", "8000=", "=example.com:443", "x=example.com:443", "4294967296=connect",
          "4294967295=connect", "-1=connect", "8000=Connect", "8000=example.com", "8000=127.1:443",
          "8000=example.com:443=x", "3:8000=connect"})
        EXPECT_FALSE(parse_proxy_route(text)) << text;
}

TEST(ProxyRoute, OfTheParentIsNotWhereEnclavesSayThatTheyBoot) {
    EXPECT_TRUE(parse_proxy_route("9000=example.com:443"));
    EXPECT_TRUE(parse_parent_route("9001=example.com:443"));
    EXPECT_THAT(parse_parent_route("9000=example.com:443").error().message,
                testing::HasSubstr("connects to vsock port 9000"));
}

}  // namespace
}  // namespace glovebox::core
