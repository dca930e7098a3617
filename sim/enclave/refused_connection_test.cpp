// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/refused_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::enclave {
namespace {

using namespace std::chrono_literals;
using core::cid_parent;
using testing::EndsWith;
using testing::HasSubstr;

WorldView a_world() {
    WorldView world;
    world.name = "/run/user/1000/glovebox/default";
    world.now = TimePoint(1'795'441'618'280ms);
    return world;
}

TEST(RefusedConnection, NamesThePortsThatAnEnclaveListensOn) {
    WorldView world = a_world();
    world.running = {16};
    world.listeners = {{16, 5005}};
    EXPECT_EQ(explain_refusal(cid_parent, {16, 5999}, world),
              "connection to 16:5999 refused: enclave 16 listens on vsock port 5005, not on 5999");
    world.listeners = {{16, 5005}, {16, 5006}, {17, 1}};
    EXPECT_THAT(explain_refusal(cid_parent, {16, 5999}, world),
                EndsWith("listens on vsock ports 5005 and 5006, not on 5999"));
    world.listeners.clear();
    EXPECT_THAT(explain_refusal(cid_parent, {16, 5999}, world),
                EndsWith("enclave 16 does not listen on any vsock port"));
}

TEST(RefusedConnection, CountsThePortsThatItDoesNotList) {
    WorldView world = a_world();
    world.running = {16};
    for (core::Port port = 100; port < 120; ++port)
        world.listeners.push_back({16, port});
    EXPECT_THAT(explain_refusal(cid_parent, {16, 5999}, world),
                HasSubstr("106, 107 and 12 more, not on 5999"));
}

TEST(RefusedConnection, AListenerThatIsThereHadAFullBacklog) {
    WorldView world = a_world();
    world.running = {16};
    world.listeners = {{16, 5005}};
    EXPECT_THAT(explain_refusal(cid_parent, {16, 5005}, world), HasSubstr("its backlog was full"));
}

TEST(RefusedConnection, NamesTheEnclavesThatRunInstead) {
    WorldView world = a_world();
    EXPECT_THAT(
        explain_refusal(cid_parent, {17, 5005}, world),
        HasSubstr("no enclave runs in world /run/user/1000/glovebox/default: start one with "
                  "`glovebox run --cid 17 -- PROGRAM`"));
    world.running = {16};
    EXPECT_THAT(explain_refusal(cid_parent, {17, 5005}, world),
                EndsWith("no enclave 17 runs in world /run/user/1000/glovebox/default; 16 does"));
    world.running = {16, 18};
    EXPECT_THAT(explain_refusal(cid_parent, {17, 5005}, world), EndsWith("; 16 and 18 do"));
    world.starting = {17};
    EXPECT_THAT(explain_refusal(cid_parent, {17, 5005}, world),
                EndsWith("enclave 17 is still starting"));
}

TEST(RefusedConnection, NamesAnotherUsersWorldsWhereTheEnclaveIsNotHere) {
    WorldView world = a_world();
    world.elsewhere = " Root's worlds are in /tmp/glovebox-0.";
    world.running = {16};
    world.listeners = {{16, 5005}};
    EXPECT_THAT(explain_refusal(cid_parent, {17, 5005}, world),
                EndsWith("; 16 does. Root's worlds are in /tmp/glovebox-0."));
    EXPECT_THAT(explain_refusal(cid_parent, {16, 5999}, world), EndsWith("not on 5999"));
    world.running.clear();
    EXPECT_THAT(explain_refusal(cid_parent, {17, 5005}, world),
                EndsWith("--world. Root's worlds are in /tmp/glovebox-0."));
}

TEST(RefusedConnection, ShowsHowAnEnclaveEnded) {
    WorldView world = a_world();
    world.ended = {{.cid = 16,
                    .reason = "exited with 1",
                    .at = world.now - 3s,
                    .console = {"Traceback (most recent call last):", "KeyError: 'PORT'"}}};
    EXPECT_THAT(explain_refusal(cid_parent, {16, 5005}, world),
                EndsWith("enclave 16 ended 3 s ago (exited with 1); its console ended with:\n"
                         "  Traceback (most recent call last):\n  KeyError: 'PORT'"));
    world.ended = {{.cid = 16, .reason = "was killed", .at = std::nullopt, .console = {}}};
    EXPECT_THAT(explain_refusal(cid_parent, {16, 5005}, world), EndsWith("enclave 16 was killed"));
}

TEST(RefusedConnection, TellsAnEnclaveWhatTheParentLacks) {
    WorldView world = a_world();
    EXPECT_EQ(explain_refusal(16, {3, 8000}, world),
              "connection to 3:8000 refused: nothing listens on 3:8000: start `glovebox proxy "
              "--listen 8000=HOST:PORT`, or a program that listens there under `glovebox parent`");
    world.listeners = {{3, 8001}};
    EXPECT_THAT(explain_refusal(16, {3, 8000}, world),
                HasSubstr("; the parent listens on vsock port 8001:"));
}

TEST(RefusedConnection, AnAddressThatIsOutOfReachSaysWhatIsInReach) {
    const WorldView world = a_world();
    EXPECT_THAT(explain_refusal(16, {18, 1}, world), HasSubstr("reaches only its parent, CID 3"));
    EXPECT_THAT(explain_refusal(16, {2, 1}, world), HasSubstr("reaches only its parent, CID 3"));
    EXPECT_THAT(explain_refusal(cid_parent, {2, 1}, world), HasSubstr("4 and above"));
    EXPECT_THAT(explain_refusal(cid_parent, {0, 1}, world), HasSubstr("debug mode"));
    EXPECT_THAT(explain_refusal(16, {16, 1}, world), HasSubstr("this enclave does not listen"));
    EXPECT_THAT(explain_refusal(16, {1, 1}, world), HasSubstr("this enclave does not listen"));
}

}  // namespace
}  // namespace glovebox::enclave
