// SPDX-License-Identifier: Apache-2.0

#include "sim/up/machines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::up {
namespace {

using testing::Contains;
using testing::ElementsAre;

WorldFile machine_world() {
    WorldFile file;
    file.kms.emplace();
    ProxyPart proxy;
    proxy.label = "out";
    file.proxies.push_back(proxy);
    EnclavePart enclave;
    enclave.label = "app";
    enclave.cid = 16;
    enclave.memory_mib = 256;
    file.enclaves.push_back(enclave);
    return file;
}

// What stands behind each of these options.
std::vector<std::string> values_of(const core::Command& command, std::string_view option) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i + 1 < command.arguments.size(); ++i)
        if (command.arguments[i] == option)
            found.push_back(command.arguments[i + 1]);
    return found;
}

TEST(Machines, AreJoinedByTheSwitchInTheShapeOfNitro) {
    const WorldFile file = machine_world();
    const Machines machines(file, "/glovebox", "/w");
    EXPECT_THAT(machines.vsock_switch().arguments, Contains("3=/w/vsock3"));
    EXPECT_THAT(machines.vsock_switch().arguments, Contains("16=/w/vsock16"));
    EXPECT_THAT(values_of(machines.parent(), "--vsock-socket"), ElementsAre("/w/vsock3"));
    const core::Command enclave = machines.in_own({{"run", "x"}}, file.enclaves.front());
    EXPECT_THAT(values_of(enclave, "--vsock-socket"), ElementsAre("/w/vsock16"));
    EXPECT_THAT(values_of(enclave, "--memory"), ElementsAre("768"));
    EXPECT_THAT(values_of(enclave, "--"), ElementsAre("run"));
}

TEST(Machines, HaveAnAgentForEachPartOfTheParentAndForTheCommand) {
    const WorldFile file = machine_world();
    const Machines machines(file, "/glovebox", "/w");
    EXPECT_THAT(values_of(machines.parent(), "--agent-socket"),
                ElementsAre("/w/agent0", "/w/agent1", "/w/agent2"));
    EXPECT_THAT(values_of(machines.parent(), "agent"), ElementsAre("3"));
    EXPECT_THAT(machines.in_parent({{"kms", "-x"}}, "kms").arguments,
                ElementsAre("/glovebox", "vm", "exec", "--socket", "/w/agent0", "--", "kms", "-x"));
    EXPECT_THAT(values_of(machines.in_parent({{"true"}}, "parent"), "--socket"),
                ElementsAre("/w/agent2"));
}

TEST(Machines, KeepAPartsEnvironmentAndDirectory) {
    const WorldFile file = machine_world();
    const Machines machines(file, "/glovebox", "/w");
    core::Command command{{"run"}, {{"NAME", "value"}}, "/folder"};
    EXPECT_EQ(machines.in_parent(command, "out").environment, command.environment);
    EXPECT_EQ(machines.in_own(command, file.enclaves.front()).directory, "/folder");
}

}  // namespace
}  // namespace glovebox::up
