// SPDX-License-Identifier: Apache-2.0

#include "sim/up/machines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "sim/up/part_commands.h"

namespace glovebox::up {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

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
    enclave.cpu_count = 2;
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
    const core::Command enclave = machines.machine_of(file.enclaves.front());
    EXPECT_THAT(values_of(enclave, "--vsock-socket"), ElementsAre("/w/vsock16"));
    EXPECT_THAT(values_of(enclave, "--memory"), ElementsAre("768"));
    EXPECT_THAT(values_of(enclave, "--cpus"), ElementsAre("2"));
    EXPECT_THAT(values_of(enclave, "--agent-socket"), ElementsAre("/w/agent-of16"));
    EXPECT_THAT(
        machines.in_own({{"run", "x"}}, file.enclaves.front()).arguments,
        ElementsAre("/glovebox", "vm", "exec", "--socket", "/w/agent-of16", "--", "run", "x"));
}

TEST(Machines, HaveMemoryForAnImageThatIsUnpacked) {
    const TemporaryDirectory folder;
    WorldFile file = machine_world();
    file.enclaves.front().eif = folder / "app.eif";
    std::ofstream(file.enclaves.front().eif) << std::string(3 << 20, 'x');
    EXPECT_THAT(values_of(Machines(file, "/g", "/w").machine_of(file.enclaves.front()), "--memory"),
                ElementsAre("792"));
}

TEST(Machines, ShareTheFolderThatKeepsTheKeys) {
    WorldFile file = machine_world();
    EXPECT_THAT(values_of(Machines(file, "/g", "/w").parent(), "--share"), Not(Contains("/kept")));
    file.kms->state = "/kept";
    EXPECT_THAT(values_of(Machines(file, "/g", "/w").parent(), "--share"), Contains("/kept"));
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

TEST(Machines, GiveAnEnclaveTimeToBecomeReady) {
    WorldFile file = machine_world();
    const Machines machines(file, "/g", "/w");
    PartCommands commands(file, "/g", "/w", "");
    commands.run_in(machines);
    EnclavePart& enclave = file.enclaves.front();
    EXPECT_THAT(values_of(commands.enclave(enclave), "--ready-timeout"), IsEmpty());
    enclave.ready = 5005;
    EXPECT_THAT(values_of(commands.enclave(enclave), "--ready-timeout"), ElementsAre("5m"));
    enclave.ready_timeout = "10s";
    EXPECT_THAT(values_of(commands.enclave(enclave), "--ready-timeout"), ElementsAre("10s"));
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
