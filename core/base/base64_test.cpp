// SPDX-License-Identifier: Apache-2.0

#include "core/base/base64.h"

#include <gtest/gtest.h>

namespace glovebox {
namespace {

struct Vector {
    std::string_view plain, encoded;
};
// RFC 4648, section 10.
constexpr Vector vectors[] = {{"", ""},
                              {"f", "Zg=="},
                              {"fo", "Zm8="},
                              {"foo", "Zm9v"},
                              {"foob", "Zm9vYg=="},
                              {"fooba", "Zm9vYmE="},
                              {"foobar", "Zm9vYmFy"}};

TEST(Base64, WritesAndReadsTheVectorsOfRfc4648) {
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
        const auto decoded = from_base64(encoded);
        ASSERT_TRUE(decoded) << encoded;
        EXPECT_EQ(as_text(*decoded), plain);
    }
}

TEST(Base64, EveryByteValueSurvives) {
    Bytes all(256);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<std::uint8_t>(i);
    for (std::size_t length = 0; length <= all.size(); ++length) {
        const BytesView part = BytesView(all).first(length);
        EXPECT_EQ(from_base64(to_base64(part)).value(), Bytes(part.begin(), part.end()));
    }
}

TEST(Base64, RefusesWhatIsNotBase64AndSaysWhere) {
    for (const std::string_view bad : {"Zg=", "Zg", "Z===", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm-_",
                                       "====", "Zh==" /* stray bits */, "Zm9=" /* stray bits */})
        EXPECT_FALSE(from_base64(bad)) << bad;
    EXPECT_EQ(from_base64("Zm-v").error().message,
              "base64 has the characters A-Z, a-z, 0-9, + and /, found byte 0x2d at position 3");
}

}  // namespace
}  // namespace glovebox
