// SPDX-License-Identifier: Apache-2.0

#include "core/address/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

TEST(Target, IsReadAndWritten) {
    EXPECT_EQ(to_string(parse_target("Example.com.:443").value()), "example.com:443");
    EXPECT_EQ(to_string(parse_target("192.0.2.7:80").value()), "192.0.2.7:80");
    EXPECT_EQ(to_string(parse_target("[2001:DB8::7]:65535").value()), "[2001:db8::7]:65535");
}

TEST(Target, AnythingElseIsRefused) {
    for (const char* text : {"",
                             ":",
                             "example.com",
                             "example.com:",
                             ":443",
                             "example.com:0",
                             "example.com:65536",
                             "example.com:+1",
                             "example.com:0443",
                             "example.com:443 ",
                             " example.com:443",
                             "example.com:4x",
                             "[::1]",
                             "[::1]443",
                             "[::1",
                             "[::1]:",
                             "[example.com]:443",
                             "[127.0.0.1]:443",
                             "::1:443",
                             "2001:db8::7:443",
                             "[::1%lo]:443",
                             "[]:443",
                             "[v1.x]:443",
                             "127.1:443",
                             "2852039166:443",
                             "0:443",
                             "0x7f.1:443",
                             "0251.0376.0251.0376:443",
                             "127.0.0.1.:443",
                             "user@example.com:443",
                             "*.example.com:443",
                             "10.0.0.0/8:443"})
        EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Target, TheSentenceSaysHowToWriteIt) {
    EXPECT_THAT(parse_target("example.com").error().message, testing::HasSubstr("example.com:443"));
    EXPECT_THAT(parse_target("2001:db8::7:443").error().message,
                testing::HasSubstr("[2001:db8::7]:443"));
    EXPECT_THAT(parse_target("example.com:99999").error().message,
                testing::HasSubstr("1 to 65535"));
}

TEST(Target, AUrlIsCalledOne) {
    for (const char* text : {"http://a.b/:80", "https://example.com", "https://[2001:db8::7]:443/"})
        EXPECT_THAT(parse_target(text).error().message, testing::HasSubstr("it is a URL")) << text;
}

}  // namespace
}  // namespace glovebox::core
