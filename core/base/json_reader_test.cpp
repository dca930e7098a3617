// SPDX-License-Identifier: Apache-2.0

#include "core/base/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

namespace glovebox {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text, const JsonBudget& budget = {}) {
    const auto value = read_json(text, budget);
    return value ? "read" : value.error().message;
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonReader, ReadsOneValue) {
    EXPECT_EQ(read_json(" {\"a\": [1, 2.5, null]}\n").value(),
              (boost::json::value{{"a", {1, 2.5, nullptr}}}));
    EXPECT_EQ(refusal(""), "not JSON: incomplete JSON (line 1, column 1)");
    EXPECT_EQ(refusal("{}\n {}"), "something follows the JSON value (line 2, column 2)");
    EXPECT_EQ(refusal("{\n \"a\" 1}"), "not JSON: syntax error (line 2, column 6)");
    EXPECT_THAT(refusal("\"\xff\""), HasSubstr("not JSON"));
}

TEST(JsonReader, NumbersAreFinite) {
    for (const char* number : {"1e308", "-1e308", "0e308", "1e-999", "18446744073709551616"})
        EXPECT_EQ(refusal(number), "read") << number;
    for (const char* number : {"1e999", "-1e999", "0E2002", "33332222222222E2222"})
        EXPECT_THAT(refusal(number), HasSubstr("a number is beyond the range of a double (line 1"))
            << number;
}

TEST(JsonReader, EachLimitIsNamed) {
    const JsonBudget budget{.bytes = 100, .values = 5, .depth = 3};
    EXPECT_EQ(refusal(std::string(101, ' '), budget),
              "the JSON has 101 bytes, and the limit here is 100");
    EXPECT_EQ(refusal(nested(3), budget), "read");
    EXPECT_THAT(refusal(nested(4), budget), HasSubstr("nests more than 3 levels deep"));
    EXPECT_EQ(refusal("[1, \"2\", true, null]", budget), "read");
    EXPECT_THAT(refusal("[1, \"2\", true, null, {}]", budget), HasSubstr("more than 5 values"));
    EXPECT_THAT(refusal("{\"a\": [1, 2, 3, 4]}", budget), HasSubstr("more than 5 values"));
}

TEST(JsonReader, TheLimitsHoldBeforeAnythingIsBuilt) {
    std::string many = "[";
    for (int i = 0; i < 400'000; ++i)
        many += "0,";
    EXPECT_THAT(refusal(many + "0]"), HasSubstr("more than 100000 values"));
    EXPECT_THAT(refusal(nested(500'000)), HasSubstr("nests more than 32 levels deep"));
}

TEST(JsonReader, ANameStandsOnceInAnObject) {
    EXPECT_EQ(refusal("{\"a\": {\"a\": 1}, \"b\": [{\"a\": 1}, {\"a\": 1}]}"), "read");
    EXPECT_EQ(refusal("{\"a\": 1,\n\"a\": 2}"),
              "the name \"a\" stands twice in one object (line 2, column 3)");
    EXPECT_THAT(refusal("{\"\\u009b\": 1, \"\\u009b\": 2}"), HasSubstr("\"\\u{9b}\""));
}

}  // namespace
}  // namespace glovebox
