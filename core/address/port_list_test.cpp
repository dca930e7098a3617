// SPDX-License-Identifier: Apache-2.0

#include "core/address/port_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

TEST(PortList, IsEachPortOnceInOrder) {
    EXPECT_THAT(parse_port_list("443,80,8000-8002,8001,443").value(),
                testing::ElementsAre(80, 443, 8000, 8001, 8002));
    EXPECT_THAT(parse_port_list("65535").value(), testing::ElementsAre(65535));
}

TEST(PortList, IsWrittenInItsShortestForm) {
    EXPECT_EQ(to_string(parse_port_list("8001,443,8000,80,8002").value()), "80,443,8000-8002");
    EXPECT_EQ(to_string(std::vector<TcpPort>()), "");
}

TEST(PortList, AnythingElseIsRefused) {
    for (const char* text : {"", ",", "80,", ",80", "0", "65536", "80 443", "80-", "-80", "90-80",
                             "1-2-3", "http", "*"})
        EXPECT_FALSE(parse_port_list(text)) << text;
}

TEST(PortList, HasABound) {
    EXPECT_TRUE(parse_port_list("1-1000"));
    const auto more = parse_port_list("1-1000,2000");
    ASSERT_FALSE(more);
    EXPECT_THAT(more.error().message, testing::HasSubstr("more than 1000 ports"));
    EXPECT_FALSE(parse_port_list("1-65535"));
}

}  // namespace
}  // namespace glovebox::core
