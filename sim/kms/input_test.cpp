// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace glovebox::kms {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

boost::json::object parse(std::string_view text) {
    return boost::json::parse(text).as_object();
}

TEST(Input, ReadsMembersOfEachType) {
    const auto object = parse(
        R"({"Text": "a", "Blob": "AQI=", "Number": 5, "Flag": true, "Choice": "B",
            "Map": {"k": "v"}, "List": ["x", "y"], "Null": null})");
    Input input(object);
    EXPECT_EQ(input.required_text("Text", {1, 1}), "a");
    EXPECT_EQ(input.required_blob("Blob", {1, 2}), (Bytes{1, 2}));
    EXPECT_EQ(input.integer("Number", {1, 5}), 5);
    EXPECT_TRUE(input.flag("Flag"));
    EXPECT_EQ(input.required_choice("Choice", {"A", "B"}), "B");
    EXPECT_EQ(input.string_map("Map"), (EncryptionContext{{"k", "v"}}));
    EXPECT_THAT(input.texts("List", {0, 2}, {1, 1}), ElementsAre("x", "y"));
    EXPECT_EQ(input.text("Null", {1, 1}), std::nullopt);
    EXPECT_FALSE(input.flag("Absent"));
    EXPECT_EQ(input.error(), std::nullopt);
}

TEST(Input, CollectsAllViolationsInOneException) {
    const auto object = parse(R"({"Number": 1025, "Text": "abc", "Blob": "AQI="})");
    Input input(object);
    (void)input.integer("Number", {1, 1024});
    (void)input.text("Text", {1, 2});
    (void)input.blob("Blob", {3, 4});
    (void)input.required_text("KeyId", {1, 2});
    const auto error = input.error();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->exception, "ValidationException");
    EXPECT_EQ(error->message,
              "4 validation errors detected: "
              "Value '1025' at 'number' failed to satisfy constraint: Member must have value less "
              "than or equal to 1024; "
              "Value 'abc' at 'text' failed to satisfy constraint: Member must have length less "
              "than or equal to 2; "
              "Value at 'blob' failed to satisfy constraint: Member must have length greater than "
              "or equal to 3; "
              "Value at 'keyId' failed to satisfy constraint: Member must not be null");
}

TEST(Input, AMemberOfAnotherTypeIsNoValidationError) {
    for (const char* text : {R"({"A": 5})", R"({"A": []})", R"({"A": {}})", R"({"A": true})"}) {
        const auto object = parse(text);
        Input input(object);
        (void)input.required_text("A", {1, 9});
        ASSERT_TRUE(input.error()) << text;
        EXPECT_EQ(input.error()->exception, "SerializationException") << text;
    }
    const auto object = parse(R"({"A": "not base64!"})");
    Input input(object);
    (void)input.required_blob("A", {1, 9});
    EXPECT_EQ(input.error()->exception, "SerializationException");
}

TEST(Input, ANestedObjectsMembersHaveItsPath) {
    const auto object = parse(R"({"Recipient": {"KeyEncryptionAlgorithm": "X"}})");
    Input input(object);
    Input nested(*input.object("Recipient"), "recipient.");
    (void)nested.required_choice("KeyEncryptionAlgorithm", {"RSAES_OAEP_SHA_256"});
    input.include(nested);
    EXPECT_THAT(
        input.error().value().message.value(),
        StartsWith("1 validation error detected: Value 'X' at "
                   "'recipient.keyEncryptionAlgorithm' failed to satisfy constraint: Member "
                   "must satisfy enum value set: [RSAES_OAEP_SHA_256]"));
}

}  // namespace
}  // namespace glovebox::kms
