// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/aws_init.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/eif/testing/test_support.h"

namespace glovebox::eif {
namespace {

TEST(AwsInit, IsKnownByItsMessages) {
    const std::string whole = std::string(
                                  "\x7f"
                                  "ELF\0",
                                  5) +
                              std::string(testing::aws_init_messages);
    EXPECT_TRUE(is_aws_init(as_bytes(whole)));
    for (const char* message : {"Could not open /env file", "failed to insert nsm driver",
                                "received wrong heartbeat", "child exited by signal"}) {
        std::string other = whole;
        other.replace(other.find(message), 5, "other");
        EXPECT_FALSE(is_aws_init(as_bytes(other))) << message;
    }
    EXPECT_FALSE(is_aws_init({}));
}

TEST(InitPath, IsTheLastOfTheCommandLine) {
    const auto path_with = [](const std::string& cmdline) {
        const Bytes file = testing::make_image({testing::part(SectionType::cmdline, cmdline)});
        return init_path(Image::parse(file).value());
    };
    EXPECT_EQ(path_with("console=ttyS0 init=/sbin/other"), "/init");
    EXPECT_EQ(path_with("rdinit=/a panic=30 rdinit=/b"), "/b");
}

}  // namespace
}  // namespace glovebox::eif
