// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/inward_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

using ::testing::HasSubstr;

TEST(InwardRoute, IsAVsockPortAndAPortOfTheLoopbackInterface) {
    for (const auto& [text, target] : std::initializer_list<std::pair<const char*, const char*>>{
             {"vsock:5005=127.0.0.1:8080", "127.0.0.1:8080"},
             {"vsock:5005=8080", "127.0.0.1:8080"},
             {"vsock:5005=localhost:8080", "127.0.0.1:8080"},
             {"vsock:5005=127.1.2.3:80", "127.1.2.3:80"},
             {"vsock:5005=[::1]:8080", "[::1]:8080"}}) {
        const auto route = parse_inward_route(text).value();
        EXPECT_EQ(route.listen.port, 5005U) << text;
        EXPECT_EQ(destination_of(route), target) << text;
    }
}

TEST(InwardRoute, LeadsNowhereElse) {
    for (const char* text :
         {"vsock:5005=10.0.0.1:80", "vsock:5005=example.com:80", "vsock:5005=0.0.0.0:80"})
        EXPECT_THAT(parse_inward_route(text).error().message,
                    HasSubstr("is not an address of the loopback interface"))
            << text;
    for (const char* text : {"vsock:5005", "5005=8080", "vsock"})
        EXPECT_THAT(parse_inward_route(text).error().message, HasSubstr("vsock:PORT=")) << text;
    EXPECT_FALSE(parse_inward_route("vsock:x=8080"));
    EXPECT_FALSE(parse_inward_route("vsock:5005=0"));
    EXPECT_FALSE(parse_inward_route("vsock:5005=connect"));
}

}  // namespace
}  // namespace glovebox::core
