// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/nsm_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nsm-mock/module/nsm_device.h"
#include "nsm-mock/module/nsm_error.h"

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

Result<Request> request_in(std::string_view hex) {
    return decode_request(from_hex(hex).value());
}

// CBOR of a short text.
std::string hex_text(std::string_view value) {
    return to_hex(Bytes{static_cast<std::uint8_t>(0x60 + value.size())}) + to_hex(as_bytes(value));
}

// {"<name>": {<fields>}}; `fields` in hexadecimal, its map's head included.
std::string named(std::string_view name, const std::string& fields) {
    return "a1" + hex_text(name) + fields;
}

TEST(NsmRequest, EachGoesThereAndBack) {
    const Bytes data{1, 2, 3};
    for (const Request& request :
         {Request(request::DescribeNsm{}), Request(request::GetRandom{}),
          Request(request::DescribePcr{4}), Request(request::ExtendPcr{16, data}),
          Request(request::LockPcr{17}), Request(request::LockPcrs{32}),
          Request(request::Attestation{data, std::nullopt, Bytes{}})}) {
        const Bytes encoded = encode_request(request);
        const auto decoded = decode_request(encoded);
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(decoded->index(), request.index());
        EXPECT_EQ(encode_request(*decoded), encoded);
        EXPECT_EQ(describe(*decoded), describe(request));
    }
}

TEST(NsmRequest, IsWrittenAsTheDriversLibraryWritesIt) {
    EXPECT_EQ(to_hex(encode_request(request::DescribeNsm{})), hex_text("DescribeNSM"));
    EXPECT_EQ(to_hex(encode_request(request::DescribePcr{4})),
              named("DescribePCR", "a1" + hex_text("index") + "04"));
    EXPECT_EQ(to_hex(encode_request(request::Attestation{Bytes{7}})),
              named("Attestation", "a3" + hex_text("user_data") + "4107" + hex_text("nonce") +
                                       "f6" + hex_text("public_key") + "f6"));
}

TEST(NsmRequest, IntegersOfAnyWidthAreIndices) {
    for (const char* four : {"04", "1804", "190004", "1a00000004", "1b0000000000000004"}) {
        const auto decoded = request_in(named("DescribePCR", "a1" + hex_text("index") + four));
        ASSERT_TRUE(decoded) << four;
        EXPECT_EQ(std::get<request::DescribePcr>(*decoded).index, 4);
    }
    EXPECT_TRUE(request_in(named("DescribePCR", "a1" + hex_text("index") + "19ffff")));
}

TEST(NsmRequest, AnIndexThatIsNo16BitIntegerIsNoRequest) {
    for (const char* value : {"1a00010000", "1bffffffffffffffff", "20", "f6", "6130", "4100",
                              "f90000", "80", "a0", "f5"})
        EXPECT_EQ(request_in(named("DescribePCR", "a1" + hex_text("index") + value)).error().code,
                  NsmError::invalid_operation)
            << value;
}

TEST(NsmRequest, AbsentAndNullAreTheSameAndEmptyStaysEmpty) {
    for (const std::string& fields : {std::string("a0"), "a1" + hex_text("nonce") + "f6",
                                      "a3" + hex_text("user_data") + "f6" + hex_text("nonce") +
                                          "f6" + hex_text("public_key") + "f6"}) {
        const auto decoded = request_in(named("Attestation", fields));
        ASSERT_TRUE(decoded) << fields;
        const auto& attestation = std::get<request::Attestation>(*decoded);
        EXPECT_FALSE(attestation.user_data);
        EXPECT_FALSE(attestation.nonce);
        EXPECT_FALSE(attestation.public_key);
    }
    const auto decoded = request_in(named("Attestation", "a1" + hex_text("nonce") + "40"));
    EXPECT_EQ(std::get<request::Attestation>(*decoded).nonce, Bytes{});
}

TEST(NsmRequest, TextIsTakenWhereBytesAreMeant) {
    const auto attestation =
        request_in(named("Attestation", "a1" + hex_text("nonce") + hex_text("abc")));
    EXPECT_EQ(std::get<request::Attestation>(attestation.value()).nonce, Bytes({'a', 'b', 'c'}));
    const auto extend = request_in(
        named("ExtendPCR", "a2" + hex_text("index") + "10" + hex_text("data") + hex_text("abc")));
    EXPECT_EQ(std::get<request::ExtendPcr>(extend.value()).data, Bytes({'a', 'b', 'c'}));
}

TEST(NsmRequest, IndefiniteLengthsAreRead) {
    EXPECT_TRUE(request_in("7f" + hex_text("Get") + hex_text("Random") + "ff"));
    const auto decoded = request_in("bf" + hex_text("ExtendPCR") + "bf" + hex_text("data") +
                                    "5f41014102ff" + hex_text("index") + "1810ffff");
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(std::get<request::ExtendPcr>(*decoded).data, Bytes({1, 2}));
    EXPECT_EQ(std::get<request::ExtendPcr>(*decoded).index, 16);
}

TEST(NsmRequest, TheLastOfADuplicatedFieldWins) {
    const auto decoded = request_in(
        named("DescribePCR", "a2" + hex_text("index") + "04" + hex_text("index") + "05"));
    EXPECT_EQ(std::get<request::DescribePcr>(decoded.value()).index, 5);
}

TEST(NsmRequest, UnknownFieldsAndTrailingBytesAreIgnored) {
    EXPECT_TRUE(request_in(
        named("DescribePCR", "a3" + hex_text("other") + "8101" + hex_text("index") + "0401f6")));
    EXPECT_TRUE(request_in(hex_text("GetRandom") + "ff00"));
    EXPECT_TRUE(request_in(hex_text("GetRandom") + hex_text("GetRandom")));
}

TEST(NsmRequest, WhatIsNoRequestIsAnInvalidOperation) {
    const std::string index = "a1" + hex_text("index") + "04";
    for (const std::string& hex :
         {std::string(), std::string("ff"), std::string("00"), std::string("f6"), std::string("80"),
          std::string("a0"), std::string("40"), std::string("60"),
          // a name that is unknown, or known in the other form
          hex_text("getrandom"), hex_text("GetRandom "), hex_text("DescribePCR"),
          hex_text("Attestation"), named("GetRandom", "a0"), named("DescribeNSM", "f6"),
          named("describepcr", index),
          // bytes where a name is meant, more than one name, a name that is not text
          std::string("49476574") + "52616e646f6d",
          "a2" + hex_text("DescribePCR") + index + hex_text("LockPCR") + index, "a104" + index,
          // fields that are missing, or no map
          named("DescribePCR", "a0"), named("DescribePCR", "04"), named("DescribePCR", "8104"),
          named("ExtendPCR", index), named("ExtendPCR", "a1" + hex_text("data") + "40"),
          named("ExtendPCR", "a2" + hex_text("index") + "10" + hex_text("data") + "f6"),
          named("ExtendPCR", "a2" + hex_text("index") + "10" + hex_text("data") + "01"),
          named("LockPCRs", index), named("Attestation", "f6"), named("Attestation", "80"),
          named("Attestation", "a1" + hex_text("nonce") + "01"),
          named("Attestation", "a1" + hex_text("user_data") + "8101"),
          named("Attestation", "a1" + hex_text("public_key") + "f4"),
          // cut short
          named("DescribePCR", "a1" + hex_text("index")), hex_text("GetRandom").substr(0, 16)}) {
        const auto decoded = request_in(hex);
        ASSERT_FALSE(decoded) << hex;
        EXPECT_EQ(decoded.error().code, NsmError::invalid_operation) << hex;
        EXPECT_FALSE(decoded.error().message.empty());
    }
}

TEST(NsmRequest, BeyondTheDriversLimitItIsTooLarge) {
    Bytes request = encode_request(request::GetRandom{});
    request.resize(request_bytes_max);
    EXPECT_TRUE(decode_request(request)) << "trailing bytes are ignored";
    request.push_back(0);
    EXPECT_EQ(decode_request(request).error().code, NsmError::input_too_large);
    EXPECT_THAT(decode_request(request).error().message, HasSubstr("4096"));
}

}  // namespace
}  // namespace glovebox::nsm
