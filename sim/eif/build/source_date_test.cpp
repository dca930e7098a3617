// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/source_date.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/eif/build/builder.h"

namespace glovebox::eif {
namespace {

TEST(SourceDate, IsTheVariablesOrTheBuildersOwn) {
    EXPECT_EQ(source_date("1700000000").value(), 1700000000);
    EXPECT_EQ(source_date("0").value(), 0);
    EXPECT_EQ(source_date(nullptr).value(), default_source_date);
    EXPECT_EQ(source_date("").value(), default_source_date);
}

TEST(SourceDate, WhatIsNoNumberIsAnErrorThatQuotesIt) {
    for (const char* wrong : {"now", "1.5", "1 ", "0x10", "99999999999999999999"})
        EXPECT_THAT(source_date(wrong).error().message,
                    ::testing::HasSubstr(std::string("SOURCE_DATE_EPOCH is \"") + wrong + '"'));
}

}  // namespace
}  // namespace glovebox::eif
