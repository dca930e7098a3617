// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::kms::policy {
namespace {

using testing::HasSubstr;

std::optional<std::string> look(const std::string& name) {
    if (name == "PCR0")
        return "00ff";
    if (name == "ODD")
        return "a\"b\\${PCR0}";
    return std::nullopt;
}

TEST(PolicyVariables, AStringGetsTheValue) {
    EXPECT_EQ(replace_variables(R"({"a":["x${PCR0}y${PCR0}"],"n":1})", look).value(),
              R"({"a":["x00ffy00ff"],"n":1})");
}

TEST(PolicyVariables, AValueIsTextWhateverItHolds) {
    EXPECT_EQ(replace_variables(R"({"a":"${ODD}"})", look).value(), R"({"a":"a\"b\\${PCR0}"})");
}

TEST(PolicyVariables, OnesOfIamStayForTheRequest) {
    const std::string policy =
        R"({"a": "${aws:username}/${*}${?}${$}", "b": "${aws:PrincipalTag/t, 'x'}", )"
        R"("c": "${", "d": "$PCR0"})";
    EXPECT_EQ(replace_variables(policy, look).value(), policy);
}

TEST(PolicyVariables, OneThatIsNotSetIsNamed) {
    EXPECT_THAT(replace_variables(R"({"a":"${PCR1}"})", look).error().message,
                HasSubstr("the variable PCR1 is not set"));
    EXPECT_FALSE(replace_variables(R"({"a":"${PCR0}"})", {}));
}

}  // namespace
}  // namespace glovebox::kms::policy
