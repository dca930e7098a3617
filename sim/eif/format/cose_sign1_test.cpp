// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/cose_sign1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::eif {
namespace {

using ::testing::HasSubstr;

TEST(CoseSign1, OtherTagsAlgorithmsAndShapesAreRefused) {
    const auto message = [](const char* hex) {
        const auto cose = CoseSign1::decode(from_hex(hex).value());
        return cose ? std::string() : cose.error().message;
    };
    EXPECT_EQ(message("8444a1013822a04041aa"), "");
    EXPECT_EQ(message("9f44a1013822a04041aaff"), "");
    EXPECT_EQ(message("8446a2616100012640a041aa41bb").empty(), false);
    EXPECT_THAT(message("d18444a1013822a04041aa"), HasSubstr("tag 17"));
    EXPECT_THAT(message("8344a1013822a040"), HasSubstr("an array of 3"));
    EXPECT_THAT(message("8443a10101a04041aa"), HasSubstr("algorithm 1:"));
    EXPECT_THAT(message("8444a1013824a04041aa"), HasSubstr("algorithm -37:"));
    EXPECT_THAT(message("8400a04041aa"), HasSubstr("item 0, found unsigned integer"));
    EXPECT_THAT(message("8441a0a04041aa"), HasSubstr("names no algorithm"));
    EXPECT_THAT(message("9f44a1013822a04041aa00ff"), HasSubstr("an array of 5"));
}

}  // namespace
}  // namespace glovebox::eif
