// SPDX-License-Identifier: Apache-2.0

#include "core/forward/forward_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dial/dialer.h"

namespace glovebox::core {
namespace {

using testing::HasSubstr;

TEST(ForwardRoute, ListensOnLoopbackUnlessItSaysOtherwise) {
    const auto route = parse_forward_route("8443=parent:8000").value();
    EXPECT_EQ(to_string(route.listen), "127.0.0.1:8443");
    EXPECT_EQ(route.to, (VsockAddress{3, 8000}));
    EXPECT_FALSE(route.http_proxy);
    EXPECT_EQ(to_string(parse_forward_route("0.0.0.0:8443=16:5005").value().listen),
              "0.0.0.0:8443");
    EXPECT_EQ(to_string(parse_forward_route("[::1]:8443=16:5005").value().listen), "[::1]:8443");
    EXPECT_EQ(to_string(parse_forward_route("localhost:0=16:5005").value().listen), "127.0.0.1:0");
}

TEST(ForwardRoute, AListenerMayLeadByName) {
    const auto route = parse_forward_route("0.0.0.0:443=by-name").value();
    EXPECT_EQ(to_string(route.listen), "0.0.0.0:443");
    EXPECT_FALSE(route.to);
    const auto proxy = parse_http_proxy_route("3128=by-name");
    ASSERT_FALSE(proxy);
    EXPECT_THAT(proxy.error().message, HasSubstr("CID:PORT was expected"));
}

TEST(ForwardRoute, AnHttpProxyHasACustomaryPort) {
    const auto route = parse_http_proxy_route("3:8001").value();
    EXPECT_EQ(to_string(route.listen), "127.0.0.1:3128");
    EXPECT_EQ(route.to, (VsockAddress{3, 8001}));
    EXPECT_TRUE(route.http_proxy);
    EXPECT_EQ(to_string(parse_http_proxy_route("8080=3:8001").value().listen), "127.0.0.1:8080");
}

TEST(ForwardRoute, ANetworkHostAsTargetPointsToTheProxy) {
    const auto route = parse_forward_route("8443=example.com:443");
    ASSERT_FALSE(route);
    EXPECT_THAT(route.error().message, HasSubstr("glovebox proxy"));
}

TEST(ForwardRoute, AnythingElseIsRefused) {
    for (const char* text : {"", "8443", "=", "8443=", "=3:8000", "x=3:8000", "65536=3:8000",
                             "8443=3", "8443=any:8000", "8443=3:any", "example.com:1=3:8000",
                             "::1:8443=3:8000", "127.1:8443=3:8000", "8443=3:8000=x"})
        EXPECT_FALSE(parse_forward_route(text)) << text;
    EXPECT_FALSE(parse_http_proxy_route("3"));
}

TEST(ForwardRoute, OneEndpointLeadsToOnePlace) {
    const auto contradiction = [](const std::vector<std::string>& texts) {
        std::vector<ForwardRoute> routes;
        for (const std::string& text : texts)
            routes.push_back(parse_forward_route(text).value());
        return listener_contradiction(texts, routes).value_or("");
    };
    EXPECT_THAT(contradiction({"1=3:8000", "8443=3:8000", "8443=16:5005"}),
                HasSubstr("8443=3:8000 and 8443=16:5005 contradict each other"));
    EXPECT_EQ(contradiction({"8443=3:8000", "8443=3:8000", "8444=16:5005"}), "");
    EXPECT_EQ(contradiction({"0=3:8000", "0=16:5005"}), "") << "port 0 is another one each time";
}

}  // namespace
}  // namespace glovebox::core
