// SPDX-License-Identifier: Apache-2.0

// What one holder of shared slots leaves for the others.
#include "core/loop/shares.h"

#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

// Takes what the holder may have; how many that were.
std::size_t take_all(Shares<int>& shares, int holder) {
    const std::size_t room = shares.room_for(holder);
    std::size_t taken = 0;
    for (; shares.may_take(holder); ++taken)
        shares.take(holder);
    EXPECT_EQ(taken, room);
    return taken;
}

TEST(Shares, EachGetsHalfOfWhatIsLeft) {
    Shares<int> shares(256);
    EXPECT_EQ(take_all(shares, 16), 128U);
    EXPECT_EQ(take_all(shares, 17), 64U);
    EXPECT_EQ(take_all(shares, 18), 32U);
}

TEST(Shares, AWeightMakesALoneHoldersShareLarger) {
    Shares<int> shares(10'000, 7);
    EXPECT_EQ(take_all(shares, 16), 8750U);
    EXPECT_EQ(take_all(shares, 17), 1094U);
    EXPECT_EQ(take_all(shares, 18), 137U);
}

TEST(Shares, NobodyTakesTheLastOneButANewcomer) {
    for (std::size_t slots = 2; slots < 100; ++slots)
        for (const std::size_t weight : {1U, 7U}) {
            Shares<int> shares(slots, weight);
            EXPECT_LT(take_all(shares, 16), slots);
            EXPECT_GE(take_all(shares, 17), 1U) << slots;
            EXPECT_LE(shares.taken(), slots);
        }
}

TEST(Shares, TheOnlySlotIsForWhoeverComes) {
    Shares<int> shares(1, 7);
    EXPECT_EQ(take_all(shares, 16), 1U);
    EXPECT_FALSE(shares.may_take(17));
    shares.give_back(16);
    EXPECT_TRUE(shares.may_take(17));
}

TEST(Shares, WhatIsGivenBackCanBeTaken) {
    Shares<int> shares(8);
    take_all(shares, 16);
    EXPECT_EQ(shares.held_by(16), 4U);
    shares.give_back(16);
    EXPECT_EQ(shares.held_by(16), 3U);
    EXPECT_EQ(take_all(shares, 16), 1U);
    for (int i = 0; i < 4; ++i)
        shares.give_back(16);
    EXPECT_EQ(shares.held_by(16), 0U);
    EXPECT_EQ(shares.taken(), 0U);
}

}  // namespace
}  // namespace glovebox::core
