// SPDX-License-Identifier: Apache-2.0

#include "sim/up/switch_refusals.h"

#include <gtest/gtest.h>

#include "core/address/vsock_address.h"
#include "core/relay/hop_resets.h"

namespace glovebox::up {
namespace {

TimelineEntry of_switch(const std::string& peer, const std::string& target) {
    return {"2026-01-02T03:04:05.678Z",
            "vsock-switch",
            "switch",
            LogLevel::info,
            "refused",
            peer + ": connection to " + target + " refused: nobody listens there",
            {{"peer", peer}, {"target", target}}};
}

WorldFile world_with_forward() {
    WorldFile world;
    EnclavePart enclave;
    enclave.label = "app";
    enclave.cid = 16;
    world.enclaves.push_back(enclave);
    ForwardPart forward;
    forward.listen = {"8443=16:5005"};
    world.forwards.push_back(forward);
    return world;
}

TEST(SwitchRefusals, AreThoseOfTheProgramInTheMachine) {
    const WorldFile world = world_with_forward();
    const auto enclave = refusal_of_program(of_switch("16:1024", "17:1"), world);
    ASSERT_TRUE(enclave);
    EXPECT_EQ(enclave->part, "app");
    EXPECT_EQ(enclave->component, "run");
    EXPECT_EQ(enclave->level, LogLevel::warning);
    EXPECT_EQ(enclave->message, "connection to 17:1 refused: nobody listens there");
    EXPECT_TRUE(is_refused_connection(*enclave));
    EXPECT_FALSE(enclave->fields.contains("peer"));
    const auto parent = refusal_of_program(of_switch("3:1024", "16:5006"), world);
    ASSERT_TRUE(parent);
    EXPECT_EQ(parent->part, "parent");
    EXPECT_EQ(parent->component, "parent");
}

TEST(SwitchRefusals, OfGlovebox) {
    const WorldFile world = world_with_forward();
    EXPECT_FALSE(refusal_of_program(of_switch("3:1024", "16:5005"), world));  // the forward's
    EXPECT_TRUE(refusal_of_program(of_switch("16:1024", "3:5005"), world));
    const core::VsockAddress channel{16, *core::reset_port(5006)};
    EXPECT_FALSE(refusal_of_program(of_switch("3:1024", to_string(channel)), world));
    EXPECT_FALSE(refusal_of_program(of_switch("18:1024", "3:1"), world));  // no part
    EXPECT_FALSE(refusal_of_program(of_switch("16", "3:1"), world));
}

}  // namespace
}  // namespace glovebox::up
