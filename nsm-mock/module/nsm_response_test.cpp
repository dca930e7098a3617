// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/nsm_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

std::string text(std::string_view value) {
    return to_hex(Bytes{static_cast<std::uint8_t>(0x60 + value.size())}) + to_hex(as_bytes(value));
}

TEST(NsmResponse, KeysAreInTheOrderOfTheRealModule) {
    const response::DescribeNsm description{"SHA384", 32, "i-1-enc2", {0, 16}, 1, 0, 0};
    EXPECT_EQ(to_hex(encode_response(description)),
              "a1" + text("DescribeNSM") + "a7" + text("digest") + text("SHA384") +
                  text("max_pcrs") + "1820" + text("module_id") + text("i-1-enc2") +
                  text("locked_pcrs") + "820010" + text("version_major") + "01" +
                  text("version_minor") + "00" + text("version_patch") + "00");
    EXPECT_EQ(to_hex(encode_response(response::DescribePcr{Bytes{1, 2}, true})),
              "a1" + text("DescribePCR") + "a2" + text("data") + "420102" + text("lock") + "f5");
    EXPECT_EQ(to_hex(encode_response(response::ExtendPcr{Bytes{1}})),
              "a1" + text("ExtendPCR") + "a1" + text("data") + "4101");
    EXPECT_EQ(to_hex(encode_response(response::LockPcr{})), text("LockPCR"));
    EXPECT_EQ(to_hex(encode_response(response::LockPcrs{})), text("LockPCRs"));
    EXPECT_EQ(to_hex(encode_response(response::GetRandom{Bytes{9}})),
              "a1" + text("GetRandom") + "a1" + text("random") + "4109");
    EXPECT_EQ(to_hex(encode_response(response::Attestation{Bytes{9}})),
              "a1" + text("Attestation") + "a1" + text("document") + "4109");
    EXPECT_EQ(to_hex(encode_response(NsmError::read_only_index)),
              "a1" + text("Error") + text("ReadOnlyIndex"));
}

TEST(NsmResponse, EachGoesThereAndBack) {
    for (const Response& response :
         {Response(response::DescribeNsm{"SHA384", 32, "i-1-enc2", {0, 31}, 1, 2, 3}),
          Response(response::DescribePcr{Bytes(48), false}),
          Response(response::ExtendPcr{Bytes(48)}), Response(response::LockPcr{}),
          Response(response::LockPcrs{}), Response(response::Attestation{Bytes(5000)}),
          Response(response::GetRandom{Bytes(256)}), Response(NsmError::invalid_index),
          Response(NsmError::internal_error)}) {
        const Bytes encoded = encode_response(response);
        const auto decoded = decode_response(encoded);
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(decoded->index(), response.index());
        EXPECT_EQ(encode_response(*decoded), encoded);
    }
}

TEST(NsmResponse, EveryErrorHasAWireName) {
    for (int code = 1; code <= static_cast<int>(NsmError::internal_error); ++code) {
        const auto error = static_cast<NsmError>(code);
        EXPECT_EQ(nsm_error_of(wire_name(error)), error);
        EXPECT_FALSE(make_error_code(error).message().empty());
    }
    EXPECT_FALSE(nsm_error_of("Success"));
}

TEST(NsmResponse, WhatIsNoAnswerIsRefusedWithASentence) {
    for (const std::string& hex :
         {std::string(), std::string("00"), text("Unknown"), std::string("a0"),
          "a1" + text("Unknown") + "a0", "a1" + text("Error") + text("Unknown"),
          "a1" + text("Error") + "01", "a1" + text("GetRandom") + "f6",
          "a1" + text("GetRandom") + "a0", "a1" + text("GetRandom") + "a1" + text("random") + "01",
          "a1" + text("DescribePCR") + "a2" + text("data") + "40" + text("lock") + "01",
          "a1" + text("DescribeNSM") + "a1" + text("digest") + text("SHA384"),
          std::string("a101a0")}) {
        const auto decoded = decode_response(from_hex(hex).value());
        ASSERT_FALSE(decoded) << hex;
        EXPECT_EQ(decoded.error().code, NsmError::invalid_response);
        EXPECT_THAT(decoded.error().message, HasSubstr("not understood"));
    }
}

TEST(NsmResponse, IndicesBeyondSixteenBitsAreNoAnswer) {
    const response::DescribeNsm description{"SHA384", 32, "m", {0}, 1, 0, 0};
    std::string hex = to_hex(encode_response(description));
    hex.replace(hex.find("1820"), 4, "1a00010000");
    EXPECT_THAT(decode_response(from_hex(hex).value()).error().message,
                HasSubstr("max_pcrs\" is larger than 65535"));
}

}  // namespace
}  // namespace glovebox::nsm
