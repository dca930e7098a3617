// SPDX-License-Identifier: Apache-2.0

#include "sim/up/fault_words.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

TEST(FaultWords, ARefusalShowsForeignTextAsText) {
    for (const char* words : {"cut \xe9", "'\x1b[2J'", "cut --port '\x1b[2J'", "'--\x1b'"}) {
        const auto fault = parse_fault(words);
        ASSERT_FALSE(fault) << words;
        EXPECT_EQ(printable(fault.error().message), fault.error().message);
    }
}

TEST(FaultWords, AModulesLatenessIsADurationOfAtMostTwoMinutes) {
    EXPECT_EQ(parse_fault("nsm slow 2m").value().time, std::chrono::minutes(2));
    for (const auto& [time, problem] :
         {std::pair("2", "\"2\" is not a duration: each number needs a unit"),
          {"soon", "\"soon\" is not a duration"},
          {"121s", "can be late by 2 m at the most"}}) {
        const auto fault = parse_fault(std::string("nsm slow ") + time);
        ASSERT_FALSE(fault) << time;
        EXPECT_NE(fault.error().message.find(problem), std::string::npos) << fault.error().message;
    }
}

}  // namespace
}  // namespace glovebox::up
