// SPDX-License-Identifier: Apache-2.0

#include "core/cbor/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace glovebox::cbor {
namespace {

using testing::HasSubstr;

Result<Decoded> decode_hex(std::string_view hex, const Limits& limits = {}) {
    return decode(from_hex(hex).value(), limits);
}

Value value_of(std::string_view hex) {
    return decode_hex(hex).value().value;
}

TEST(Cbor, IntegersOfEveryWidthAreRead) {
    // 23 in each of its spellings: clients write integers in the width of their type.
    for (const char* hex : {"17", "1817", "190017", "1a00000017", "1b0000000000000017"})
        EXPECT_EQ(*value_of(hex).as<std::uint64_t>(), 23u) << hex;
    EXPECT_EQ(*value_of("1bffffffffffffffff").as<std::uint64_t>(),
              std::numeric_limits<std::uint64_t>::max());
    for (const char* hex : {"37", "3817", "390017", "3a00000017", "3b0000000000000017"})
        EXPECT_EQ(value_of(hex).as<Negative>()->n, 23u) << hex;
}

TEST(Cbor, StringsAreReadInDefiniteAndIndefiniteForm) {
    EXPECT_EQ(*value_of("43010203").as<Bytes>(), Bytes({1, 2, 3}));
    EXPECT_EQ(*value_of("5f4201024103ff").as<Bytes>(), Bytes({1, 2, 3}));
    EXPECT_EQ(*value_of("63616263").as<std::string>(), "abc");
    EXPECT_EQ(*value_of("7f6161626263ff").as<std::string>(), "abc");
}

TEST(Cbor, ContainersAreReadInDefiniteAndIndefiniteForm) {
    for (const char* hex : {"83010203", "9f010203ff", "980301 0203"}) {
        std::string digits(hex);
        std::erase(digits, ' ');
        const Value value = value_of(digits);
        ASSERT_NE(value.as<Array>(), nullptr);
        EXPECT_EQ(value.as<Array>()->size(), 3u);
    }
    for (const char* hex : {"a2616101616202", "bf616101616202ff"}) {
        const Value value = value_of(hex);
        ASSERT_NE(value.as<Map>(), nullptr);
        ASSERT_EQ(value.as<Map>()->size(), 2u);
        EXPECT_EQ(*value.as<Map>()->back().key.as<std::string>(), "b");
        EXPECT_EQ(*value.as<Map>()->back().value.as<std::uint64_t>(), 2u);
    }
    EXPECT_TRUE(value_of("80").as<Array>()->empty());
    EXPECT_TRUE(value_of("9fff").as<Array>()->empty());
    EXPECT_TRUE(value_of("a0").as<Map>()->empty());
    EXPECT_TRUE(value_of("bfff").as<Map>()->empty());
    EXPECT_TRUE(value_of("5fff").as<Bytes>()->empty());
    EXPECT_TRUE(value_of("7fff").as<std::string>()->empty());
}

TEST(Cbor, DuplicateKeysAreKeptInOrder) {
    const Value value = value_of("a2616101616102");
    ASSERT_EQ(value.as<Map>()->size(), 2u);
    EXPECT_EQ(*value.as<Map>()->front().value.as<std::uint64_t>(), 1u);
}

TEST(Cbor, TheOtherTypesAreKnownByName) {
    EXPECT_TRUE(value_of("f6").is_null());
    EXPECT_EQ(value_of("f7").type_name(), "undefined");
    EXPECT_EQ(*value_of("f5").as<bool>(), true);
    EXPECT_EQ(*value_of("f4").as<bool>(), false);
    EXPECT_EQ(*value_of("f93c00").as<double>(), 1.0);
    EXPECT_EQ(*value_of("fa47c35000").as<double>(), 100000.0);
    EXPECT_EQ(*value_of("fb3ff199999999999a").as<double>(), 1.1);
    const Value tagged = value_of("d28401020304");
    EXPECT_EQ(tagged.as<Tagged>()->tag, 18u);
    EXPECT_EQ(tagged.as<Tagged>()->content->as<Array>()->size(), 4u);
    EXPECT_EQ(tagged.type_name(), "tagged value");
}

TEST(Cbor, WhatFollowsTheFirstItemIsLeftToTheCaller) {
    const auto decoded = decode_hex("6161ff00");
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->consumed, 2u);
}

TEST(Cbor, MalformedBytesAreRefusedWithTheirPlace) {
    struct Case {
        const char* hex;
        const char* message;
    };
    for (const Case& c : {
             Case{"", "byte 0: there are no bytes"},
             // RFC 8949, appendix F: heads, strings and containers that end early
             Case{"18", "byte 0: it ends"},
             Case{"1900", "byte 0: it ends"},
             Case{"1a000000", "it ends"},
             Case{"1b00000000000000", "it ends"},
             Case{"38", "it ends"},
             Case{"58", "it ends"},
             Case{"78", "it ends"},
             Case{"98", "it ends"},
             Case{"b8", "it ends"},
             Case{"d8", "it ends"},
             Case{"f9", "it ends"},
             Case{"fa0000", "it ends"},
             Case{"fb000000", "it ends"},
             Case{"41", "it ends"},
             Case{"61", "it ends"},
             Case{"5affffffff00", "it ends"},
             Case{"7b7fffffffffffffff010203", "it ends"},
             Case{"5bffffffffffffffff010203", "it ends"},
             Case{"81", "more entries are claimed"},
             Case{"818181818181818181", "more entries"},
             Case{"8200", "more entries are claimed"},
             Case{"a1", "more entries"},
             Case{"a20102", "more entries"},
             Case{"a100", "more entries"},
             Case{"a2000000", "more entries"},
             Case{"c0", "more entries"},
             Case{"5f4100", "byte 3: it ends"},
             Case{"7f6100", "it ends"},
             Case{"9f", "it ends"},
             Case{"9f0102", "it ends"},
             Case{"bf", "it ends"},
             Case{"bf01020102", "it ends"},
             Case{"819f", "it ends"},
             Case{"9f8000", "it ends"},
             Case{"9f9fff9f", "it ends"},
             // reserved heads and simple values
             Case{"1c", "0x1c begins no item"},
             Case{"1f", "0x1f"},
             Case{"3c", "0x3c"},
             Case{"3f", "0x3f"},
             Case{"5c", "0x5c"},
             Case{"7e", "0x7e"},
             Case{"9d", "0x9d"},
             Case{"be", "0xbe"},
             Case{"dc", "0xdc"},
             Case{"df", "0xdf"},
             Case{"fc", "0xfc"},
             Case{"f800", "0xf8"},
             Case{"f818", "0xf8"},
             Case{"e0", "0xe0"},
             // chunks of indefinite strings
             Case{"5f00ff", "chunk"},
             Case{"5f21ff", "chunk"},
             Case{"5f6100ff", "chunk"},
             Case{"5f80ff", "chunk"},
             Case{"5fa0ff", "chunk"},
             Case{"5fc000ff", "chunk"},
             Case{"7f4100ff", "chunk"},
             Case{"5f5f4100ffff", "chunk"},
             Case{"7f7f6100ffff", "chunk"},
             // breaks
             Case{"ff", "byte 0: a break"},
             Case{"81ff", "byte 1: a break"},
             Case{"8200ff", "a break"},
             Case{"a1ff", "more entries"},
             Case{"a100ff", "a break"},
             Case{"a1ff00", "a break"},
             Case{"c0ff", "a break"},
             Case{"9f81ff", "a break"},
             Case{"bf00ff", "byte 2: a map ends after a key"},
             Case{"bf000000ff", "a map ends after a key"},
         }) {
        const auto decoded = decode_hex(c.hex);
        ASSERT_FALSE(decoded) << c.hex;
        EXPECT_THAT(decoded.error().message, HasSubstr(c.message)) << c.hex;
    }
}

TEST(Cbor, AClaimedLengthIsRefusedBeforeAnythingIsAllocated) {
    // 2^64 - 1 and 2^62 entries, as many bytes: none of it may be reserved.
    for (const char* hex : {"9bffffffffffffffff00", "bbffffffffffffffff0000",
                            "9b400000000000000000", "bb400000000000000000", "5bffffffffffffffff00",
                            "7b7fffffffffffffff00", "9affffffff00", "baffffffff00"})
        EXPECT_FALSE(decode_hex(hex)) << hex;
}

TEST(Cbor, NestingIsLimited) {
    const auto nested = [](int depth) {
        std::string hex;
        for (int i = 0; i < depth; ++i)
            hex += "81";
        return hex + "00";
    };
    EXPECT_TRUE(decode_hex(nested(16)));
    EXPECT_THAT(decode_hex(nested(17)).error().message,
                HasSubstr("byte 16: nested deeper than 16 levels"));
    std::string tags;
    for (int i = 0; i < 17; ++i)
        tags += "c0";
    EXPECT_THAT(decode_hex(tags + "00").error().message, HasSubstr("nested deeper"));
    std::string indefinite;
    for (int i = 0; i < 17; ++i)
        indefinite += "9f";
    EXPECT_THAT(decode_hex(indefinite).error().message, HasSubstr("nested deeper"));
}

TEST(Cbor, TheNumberOfItemsIsLimited) {
    EXPECT_TRUE(decode_hex("83000000", {.depth_max = 16, .items_max = 4}));
    EXPECT_THAT(decode_hex("83000000", {.depth_max = 16, .items_max = 3}).error().message,
                HasSubstr("more than 3 items"));
    EXPECT_THAT(decode_hex("5f40404040ff", {.depth_max = 16, .items_max = 3}).error().message,
                HasSubstr("more than 3 items"));
}

}  // namespace
}  // namespace glovebox::cbor
