// SPDX-License-Identifier: Apache-2.0

#include "core/address/host_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

HostName name(std::string_view text) {
    return HostName::parse(text).value();
}

TEST(HostName, HasOneFormWhateverTheCaseAndTheTrailingDot) {
    EXPECT_EQ(name("Example.COM").text(), "example.com");
    EXPECT_EQ(name("example.com."), name("example.com"));
    EXPECT_EQ(name("kms.us-east-1.amazonaws.com").text(), "kms.us-east-1.amazonaws.com");
    EXPECT_EQ(name("_acme.example").text(), "_acme.example");
    EXPECT_EQ(name("3com.example").text(), "3com.example");
}

TEST(HostName, ANumberInDisguiseIsNoName) {
    for (const char* text : {"2852039166", "0251.0376.0251.0376", "127.1", "127.0.1", "0", "0x7f.1",
                             "0x7f000001", "0X7F000001", "1.2.3.4", "example.1", "example.0x1",
                             "example.0x", "1.", "127.0.0.1.", "017700000001", "a.b.1."}) {
        const auto result = HostName::parse(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().code, ProxyError::bad_target) << text;
        EXPECT_THAT(result.error().message, testing::HasSubstr("ends in a number")) << text;
    }
}

TEST(HostName, WhatIsNotLettersDigitsAndHyphensIsRefused) {
    for (const std::string& text :
         {std::string(), std::string("."), std::string(".."), std::string("a..b"),
          std::string(".a"), std::string("a.."), std::string("a b"), std::string("a\tb"),
          std::string("a:b"), std::string("a@b"), std::string("a/b"), std::string("a%41"),
          std::string("b\xc3\xbc.example"), std::string("a\0b", 3), std::string("127.0.0.1 x"),
          std::string("*.example.com"), std::string(64, 'a') + ".com", std::string(254, 'a')})
        EXPECT_FALSE(HostName::parse(text)) << text;
}

TEST(HostName, LengthsUpToTheLimitsAreTaken) {
    const std::string label(63, 'a');
    EXPECT_TRUE(HostName::parse(label + ".com"));
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
    ASSERT_EQ(longest.size(), 253U);
    EXPECT_TRUE(HostName::parse(longest));
    EXPECT_TRUE(HostName::parse(longest + "."));
    EXPECT_FALSE(HostName::parse(longest + "b"));
}

TEST(HostName, LiesBelowItsParentsAndNotBelowItself) {
    EXPECT_TRUE(name("a.example.com").is_below(name("example.com")));
    EXPECT_TRUE(name("a.b.example.com").is_below(name("example.com")));
    EXPECT_FALSE(name("example.com").is_below(name("example.com")));
    EXPECT_FALSE(name("evilexample.com").is_below(name("example.com")));
    EXPECT_FALSE(name("example.com.evil").is_below(name("example.com")));
    EXPECT_FALSE(name("com").is_below(name("example.com")));
}

}  // namespace
}  // namespace glovebox::core
