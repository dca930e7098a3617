// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/name_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

using testing::HasSubstr;

NameRoutes routes_of(const std::vector<std::string>& texts) {
    NameRoutes routes;
    for (const std::string& text : texts)
        routes.add(parse_name_route(text).value());
    return routes;
}

std::string find(const NameRoutes& routes, std::string_view name, TcpPort port = 443) {
    const auto to = routes.find(
        name.empty() ? std::nullopt : std::optional(HostName::parse(name).value()), port);
    return to ? to_string(*to) : "nowhere";
}

TEST(NameRoutes, TheNearestNameHolds) {
    const NameRoutes routes =
        routes_of({"*.example.com=1:1", "*.b.example.com=2:2", "API.b.example.com.=3:3", "*=4:4"});
    EXPECT_EQ(find(routes, "api.b.example.com"), "3:3");
    EXPECT_EQ(find(routes, "x.b.example.com"), "2:2");
    EXPECT_EQ(find(routes, "y.x.b.example.com"), "2:2");
    EXPECT_EQ(find(routes, "b.example.com"), "1:1");
    EXPECT_EQ(find(routes, "example.com"), "4:4");
    EXPECT_EQ(find(routes, ""), "4:4");
}

TEST(NameRoutes, WithoutADefaultOtherNamesLeadNowhere) {
    const NameRoutes routes = routes_of({"api.example.com=16:8443"});
    EXPECT_EQ(find(routes, "example.com"), "nowhere");
    EXPECT_EQ(find(routes, "x.api.example.com"), "nowhere");
    EXPECT_EQ(find(routes, ""), "nowhere");
    EXPECT_FALSE(routes.is_empty());
    EXPECT_TRUE(NameRoutes().is_empty());
}

TEST(NameRoutes, APortOfItsOwnPrecedesAllPorts) {
    const NameRoutes routes = routes_of({"api.example.com=16:8443", "api.example.com:80=16:8080",
                                         "*:80=17:8080", "*.example.com:8080=18:1"});
    EXPECT_EQ(find(routes, "api.example.com", 443), "16:8443");
    EXPECT_EQ(find(routes, "api.example.com", 80), "16:8080");
    EXPECT_EQ(find(routes, "other.example.com", 80), "17:8080");
    EXPECT_EQ(find(routes, "other.example.com", 443), "nowhere");
    // The name is nearer than the port.
    EXPECT_EQ(find(routes, "api.example.com", 8080), "16:8443");
}

TEST(NameRoutes, OneNameLeadsToOneEnclave) {
    const auto contradiction = [](const std::vector<std::string>& texts) {
        std::vector<NameRoute> routes;
        for (const std::string& text : texts)
            routes.push_back(parse_name_route(text).value());
        return name_contradiction(texts, routes).value_or("");
    };
    EXPECT_THAT(contradiction({"a.example=16:1", "A.example.=17:1"}),
                HasSubstr("a.example=16:1 and A.example.=17:1 contradict each other"));
    EXPECT_EQ(contradiction({"a.example=16:1", "a.example:80=17:1", "*.a.example=18:1"}), "");
}

TEST(NameRoutes, AnythingElseIsRefused) {
    for (const char* text :
         {"", "a.example", "=16:1", "a.example=", "a.example=16", "a.example=any:1",
          "a.example=16:any", "a.example:0=16:1", "a.example:x=16:1", "192.0.2.7=16:1",
          "a.*.example=16:1", "*.=16:1", "https://a.example=16:1"}) {
        const auto route = parse_name_route(text);
        ASSERT_FALSE(route) << text;
        EXPECT_THAT(route.error().message, HasSubstr("api.example.com=16:8443")) << text;
    }
}

}  // namespace
}  // namespace glovebox::core
