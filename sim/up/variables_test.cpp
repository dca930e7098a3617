// SPDX-License-Identifier: Apache-2.0

#include "sim/up/variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

using ::testing::HasSubstr;

// A is "1", EMPTY is empty, nothing else is set.
Result<std::string> expand(std::string_view text) {
    return expand_variables(text, [](const std::string& name) -> std::optional<std::string> {
        if (name == "A")
            return "1";
        if (name == "EMPTY")
            return "";
        return std::nullopt;
    });
}

TEST(Variables, StandForTheirValues) {
    for (const auto& [text, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"", ""},
             {"plain", "plain"},
             {"$A", "1"},
             {"${A}b", "1b"},
             {"a$A.b", "a1.b"},
             {"$$A", "$A"},
             {"$$$A", "$1"},
             {"${EMPTY}", ""},
             {"${NONE:-word}", "word"},
             {"${NONE-word}", "word"},
             {"${EMPTY:-word}", "word"},
             {"${EMPTY-word}", ""},
             {"${A:-word}", "1"},
             {"${NONE:-}", ""},
             {"${NONE:-a:b-c}", "a:b-c"},
             {"${NONE:-<$A>}", "<1>"},
             {"${NONE:-${NO:-${A}}}!", "1!"},
             {"${NONE:-$$}}", "$}"},
             {"${A:+word}", "word"},
             {"${EMPTY:+word}", ""},
             {"${EMPTY+word}", "word"},
             {"${NONE+word}", ""},
             {"${A:?never}", "1"},
             {"${EMPTY?never}", ""},
         })
        EXPECT_EQ(expand(text).value(), value) << text;
}

TEST(Variables, ThatHaveNoValueSayWhatToDo) {
    EXPECT_THAT(expand("$NONE").error().message,
                HasSubstr("the variable NONE is not set: set it, write ${NONE:-word}"));
    EXPECT_EQ(expand("${NONE:?see README}").error().message,
              "the variable NONE is not set: see README");
    EXPECT_EQ(expand("${EMPTY:?}").error().message, "the variable EMPTY is empty");
    EXPECT_EQ(expand("${NONE:?$A of them}").error().message,
              "the variable NONE is not set: 1 of them");
}

TEST(Variables, AreNothingElse) {
    for (const char* text :
         {"$", "$1", "$(ls)", "${}", "${A", "${A!}", "${A:}", "${A:=1}", "a$ b", "${NONE:-${A}"})
        EXPECT_THAT(expand(text).error().message, HasSubstr("a dollar sign is written $$")) << text;
}

TEST(Variables, ARefusalShowsForeignTextAsText) {
    EXPECT_THAT(expand("$\xc8\"").error().message, HasSubstr(R"("$\xc8\"" is not a variable)"));
    EXPECT_EQ(expand("${NONE?\x1b[2J}").error().message,
              R"(the variable NONE is not set: \x1b[2J)");
}

TEST(Variables, NestWithinALimitAndGrowWithinOne) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i)
        deep += "${N:-";
    EXPECT_FALSE(expand(deep + std::string(100'000, '}')));
    const auto much = expand_variables(
        "$X$X$X", [](const std::string&) { return std::string(std::size_t{512} * 1024, 'x'); });
    EXPECT_THAT(much.error().message, HasSubstr("more than 1048576 bytes"));
}

}  // namespace
}  // namespace glovebox::up
