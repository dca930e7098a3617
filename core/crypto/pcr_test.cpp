// SPDX-License-Identifier: Apache-2.0

#include "core/crypto/pcr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox {
namespace {

using testing::HasSubstr;

TEST(Pcr, ExtendIsSha384OfTheOldValueAndTheData) {
    // A real document's PCR4, of the instance whose id this is (2022-07-06).
    EXPECT_EQ(to_hex(extended(Pcr{}, as_bytes("i-07e25f3bada361dec"))),
              "7021a47677bff47b7623ed573cb71326925d51773cb4f5af33f346d9ffceb3d6e2c4aa85f1e2b352e4b2"
              "95ff22d16485");
}

TEST(Pcr, APcrIsReadFromNinetySixDigits) {
    EXPECT_EQ(parse_pcr(std::string(96, 'f')).value()[47], 0xff);
    EXPECT_TRUE(is_zero(parse_pcr(std::string(96, '0')).value()));
    EXPECT_THAT(parse_pcr("00ff").error().message, HasSubstr("96 hexadecimal digits"));
    EXPECT_THAT(parse_pcr(std::string(96, 'g')).error().message, HasSubstr("'g' at position 1"));
}

}  // namespace
}  // namespace glovebox
