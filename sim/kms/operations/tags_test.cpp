// SPDX-License-Identifier: Apache-2.0

// Tags and descriptions beyond ASCII.
#include "sim/kms/operations/tags.h"

#include <gtest/gtest.h>

#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

std::string times(std::size_t count, std::string_view character) {
    std::string text;
    while (count-- > 0)
        text += character;
    return text;
}

json::array one_tag(std::string_view name, std::string_view value) {
    return {json::object{{"TagKey", name}, {"TagValue", value}}};
}

TEST(Tags, AndDescriptionsHaveTheirLengthInCharacters) {
    InMemoryKms kms;
    const Outcome made =
        kms.ask("CreateKey", {{"Description", times(8192, "\u00e9")},
                              {"Tags", one_tag(times(128, "\u65e5"), times(256, "\u00e9"))}});
    ASSERT_EQ(made.exception, "") << made.message;
    const json::value key = made.output.at("KeyMetadata").at("KeyId");
    const json::array name{times(128, "\u65e5")};
    EXPECT_EQ(kms.ask("UntagResource", {{"KeyId", key}, {"TagKeys", name}}).exception, "");
    const std::string long_text = times(8193, "\U0001f600");
    EXPECT_EQ(
        kms.ask("UpdateKeyDescription", {{"KeyId", key}, {"Description", long_text}}).exception,
        "ValidationException");
    EXPECT_EQ(kms.ask("TagResource", {{"KeyId", key}, {"Tags", one_tag(times(129, "\u65e5"), "")}})
                  .exception,
              "ValidationException");
}

TEST(Tags, HaveNoEmoji) {
    InMemoryKms kms;
    for (const auto& tags : {one_tag("\U0001f600", ""), one_tag("a", "\U0001f600")}) {
        const Outcome refused = kms.ask("CreateKey", {{"Tags", tags}});
        EXPECT_EQ(refused.exception, "TagException");
        EXPECT_EQ(refused.message,
                  "The request was rejected because one or more tags are not valid.");
    }
}

}  // namespace
}  // namespace glovebox::kms::testing
