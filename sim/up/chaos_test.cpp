// SPDX-License-Identifier: Apache-2.0

#include "sim/up/chaos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace glovebox::up {
namespace {

WorldFile a_world() {
    WorldFile world;
    world.kms.emplace();
    world.imds.emplace();
    world.proxies.emplace_back().listen = {"8000=a.example:443"};
    world.enclaves.resize(2);
    world.enclaves[0].name = "server";
    world.enclaves[0].cid = 16;
    world.enclaves[1].name = "client";
    world.enclaves[1].cid = 20;
    return world;
}

std::vector<std::string> described(const std::vector<PlannedFault>& drawn) {
    std::vector<std::string> texts;
    for (const PlannedFault& one : drawn)
        texts.push_back(describe(one.fault));
    return texts;
}

TEST(Chaos, ASeedHasTheSameFaultsEachTimeAndOnEachMachine) {
    EXPECT_EQ(described(draw_faults(7, a_world())), described(draw_faults(7, a_world())));
    EXPECT_NE(described(draw_faults(7, a_world())), described(draw_faults(8, a_world())));
    EXPECT_THAT(
        described(draw_faults(1, a_world())),
        ::testing::ElementsAre("refuse connections to server, not the first 3, 2 times",
                               "delay connections to client by 11 ms, not the first 1, once",
                               "nsm error InternalError of server, once",
                               "nsm slow of client by 15 ms, not the first 3, 2 times",
                               "nsm error InternalError of server, 2 times",
                               "delay connections to server by 12 ms, not the first 3, 2 times",
                               "kms down, once", "imds down, not the first 3, once"));
}

TEST(Chaos, EachFaultIsOneOfAPartOfThisWorldAndIsOverOnce) {
    std::set<std::string> kinds;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const auto drawn = draw_faults(seed, a_world());
        EXPECT_GE(drawn.size(), 3U);
        EXPECT_LE(drawn.size(), 8U);
        for (const PlannedFault& one : drawn) {
            const fault::Fault& fault = one.fault;
            kinds.emplace(name_of(fault.kind));
            EXPECT_EQ(one.moment.count(), 0);
            EXPECT_TRUE(fault.times) << describe(fault);
            EXPECT_FALSE(fault.lasts) << describe(fault);
            EXPECT_TRUE(glovebox::fault::fault_from_json(to_json(fault))) << describe(fault);
            if (is_of_connections(fault.kind)) {
                EXPECT_TRUE(fault.to_name == "server" || fault.to_name == "client" ||
                            (fault.to == core::cid_parent && fault.port == 8000))
                    << describe(fault);
            }
        }
    }
    EXPECT_EQ(kinds.size(), 14U);
}

TEST(Chaos, AWorldWithoutPartsHasNothingThatCanFail) {
    EXPECT_TRUE(draw_faults(1, WorldFile()).empty());
    WorldFile world;
    world.kms.emplace();
    for (const PlannedFault& one : draw_faults(1, world))
        EXPECT_EQ(part_of(one.fault.kind), "kms");
}

}  // namespace
}  // namespace glovebox::up
