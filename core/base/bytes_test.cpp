// SPDX-License-Identifier: Apache-2.0

#include "core/base/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox {
namespace {

using testing::HasSubstr;

TEST(Bytes, HexGoesThereAndBack) {
    const Bytes bytes{0x00, 0x7f, 0x80, 0xff};
    EXPECT_EQ(to_hex(bytes), "007f80ff");
    EXPECT_EQ(from_hex("007f80FF").value(), bytes);
    EXPECT_TRUE(from_hex("").value().empty());
}

TEST(Bytes, AWrongDigitIsNamedWithItsPosition) {
    const auto result = from_hex("00xz");
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("'x' at position 3"));
}

TEST(Bytes, AnOddNumberOfDigitsIsRefused) {
    EXPECT_THAT(from_hex("abc").error().message, HasSubstr("odd number of them (3)"));
}

}  // namespace
}  // namespace glovebox
