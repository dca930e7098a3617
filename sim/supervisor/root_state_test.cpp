// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/root_state.h"

#include <gtest/gtest.h>

namespace glovebox::supervisor {
namespace {

constexpr rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};

RootState with_open_files(rlim_t hard) {
    RootState state;
    state.limits[RLIMIT_NOFILE] = RootState::Limit{hard, hard, 20000};
    return state;
}

TEST(RootStates, TellTheSoftLimitAsLongAsTheKernelHoldsWhatWasPutInItsPlace) {
    const RootStates states{with_open_files(65536)};
    EXPECT_EQ(states.told(unlimited, RLIMIT_NOFILE, {20000, 20000}).rlim_cur, 65536u);
    EXPECT_EQ(states.told(unlimited, RLIMIT_NOFILE, {20000, 20000}).rlim_max, 65536u);
    EXPECT_EQ(states.told(unlimited, RLIMIT_NOFILE, {1024, 20000}).rlim_cur, 1024u)
        << "lowered since";
    EXPECT_EQ(states.told(unlimited, RLIMIT_CORE, {0, 7}).rlim_max, 7u) << "another limit";
}

TEST(RootStates, HideTheirNumbers) {
    RootStates states{RootState()};
    const auto carrier = states.carry(unlimited, with_open_files(65536));
    EXPECT_EQ(states.told(*carrier, RLIMIT_RTTIME, *carrier).rlim_max, RLIM_INFINITY);
    RootState state;
    state.limits[RLIMIT_RTTIME] = RootState::Limit{2000, 1000, 0};
    const auto next = states.carry(*carrier, state);
    EXPECT_EQ(states.told(*next, RLIMIT_RTTIME, *next).rlim_cur, 1000u);
    EXPECT_EQ(states.told(*next, RLIMIT_RTTIME, *next).rlim_max, 2000u);
}

TEST(RootStates, CarryAStateFromProcessToProcess) {
    RootStates states{RootState()};
    EXPECT_EQ(states.of(unlimited), RootState());
    const auto child = states.carry(unlimited, with_open_files(65536));
    ASSERT_TRUE(child);
    EXPECT_EQ(states.of(*child), with_open_files(65536));
    EXPECT_EQ(states.of(unlimited), RootState()) << "the parent keeps its own";
    EXPECT_LE(child->rlim_cur, child->rlim_max) << "the kernel demands it";
}

TEST(RootStates, NeverRaiseTheCarrier) {
    RootStates states{RootState()};
    const auto first = states.carry(unlimited, with_open_files(1));
    const auto second = states.carry(*first, with_open_files(2));
    const auto back = states.carry(*second, with_open_files(1));
    const auto at_first = states.carry(*back, RootState());
    EXPECT_LT(second->rlim_max, first->rlim_max);
    EXPECT_LT(back->rlim_max, second->rlim_max);
    EXPECT_LT(at_first->rlim_max, back->rlim_max);
    EXPECT_EQ(states.of(*back), with_open_files(1));
    EXPECT_EQ(states.of(*at_first), RootState());
}

TEST(RootStates, UseAStateAgain) {
    RootStates states{RootState()};
    const auto first = states.carry(unlimited, with_open_files(1));
    EXPECT_EQ(states.carry(unlimited, with_open_files(1))->rlim_max, first->rlim_max);
    EXPECT_EQ(states.carry(*first, with_open_files(1))->rlim_max, first->rlim_max);
}

TEST(RootStates, AreNeverUsedUpByChangesToAndFro) {
    RootStates states{RootState()};
    rlimit carrier = unlimited;
    for (std::size_t change = 0; change < 5 * RootStates::states_max; ++change) {
        const RootState state = with_open_files(1 + change % 2);
        const auto next = states.carry(carrier, state);
        ASSERT_TRUE(next) << "change " << change;
        ASSERT_LT(next->rlim_max, carrier.rlim_max);
        ASSERT_EQ(states.of(*next), state);
        carrier = *next;
    }
}

TEST(RootStates, SayWhenThereAreTooMany) {
    RootStates states{RootState()};
    rlimit carrier = unlimited;
    for (rlim_t hard = 1; hard < RootStates::states_max; ++hard)
        carrier = *states.carry(carrier, with_open_files(hard));
    EXPECT_FALSE(states.carry(carrier, with_open_files(RootStates::states_max)));
    EXPECT_EQ(states.of(carrier), with_open_files(RootStates::states_max - 1));
    EXPECT_TRUE(states.carry(carrier, with_open_files(7))) << "one that there is";
}

TEST(RootStates, LeaveALimitThatSomebodyElseHasSetAlone) {
    RootStates states{RootState()};
    const rlimit low{200'000, 200'000};
    EXPECT_EQ(states.of(low), RootState());
    EXPECT_FALSE(states.carry(low, with_open_files(1)));
}

}  // namespace
}  // namespace glovebox::supervisor
