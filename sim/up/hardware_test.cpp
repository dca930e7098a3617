// SPDX-License-Identifier: Apache-2.0

#include "sim/up/hardware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/up/part_commands.h"

namespace glovebox::up {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::Pair;

WorldFile hardware_world() {
    WorldFile world;
    world.faults.is_on = true;
    world.kms.emplace().auth = "off";
    world.imds.emplace();
    world.parent.trust_env = true;
    EnclavePart enclave;
    enclave.name = enclave.label = "app";
    enclave.cid = 17;
    enclave.eif = "/w/17.eif";
    enclave.memory_mib = 512;
    enclave.cpu_count = 2;
    enclave.ready = 5005;
    enclave.isolation = "none";
    enclave.trust_env = true;
    world.enclaves.push_back(enclave);
    return world;
}

TEST(Hardware, SaysWhatOnlyTheSimulationHasAndTakesOutWhatIsAwss) {
    WorldFile world = hardware_world();
    std::vector<std::string> what;
    for (const NotRun& one : limit_to_hardware(world))
        what.push_back(one.what);
    EXPECT_THAT(what, ElementsAre("faults", "auth: off", "isolation: none"));
    EXPECT_FALSE(world.faults.is_on || world.kms || world.imds || world.parent.trust_env);
    EXPECT_FALSE(world.enclaves.front().trust_env);
    EXPECT_THAT(limit_to_hardware(world), ElementsAre());
}

TEST(Hardware, StartsAnEnclaveByNitroCliUnderANameOfThisWorld) {
    WorldFile world = hardware_world();
    world.enclaves.front().debug = true;
    PartCommands commands(world, "/glovebox", "/tmp/glovebox-up-12", {});
    commands.run_on_hardware();
    EXPECT_THAT(commands.enclave(world.enclaves.front()).arguments,
                ElementsAre("/glovebox", "nitro", "run", "--eif", "/w/17.eif", "--name",
                            "app.glovebox-up-12", "--cid", "17", "--memory", "512", "--cpus", "2",
                            "--debug", "--ready", "5005", "--log-json", "--log-level", "info"));
}

TEST(Hardware, GivesTheCommandItsRegionAndLeavesTheEndpointsToAws) {
    WorldFile world = hardware_world();
    static_cast<void>(limit_to_hardware(world));
    world.parent.environment = {{"LOG", "debug"}};
    PartCommands commands(world, "/glovebox", "/w", {});
    commands.run_on_hardware();
    const core::Command command = commands.parent({"pytest", "-q"}, "/log");
    EXPECT_THAT(command.arguments, ElementsAre("pytest", "-q"));
    EXPECT_FALSE(command.is_service);
    EXPECT_THAT(command.environment,
                ElementsAre(Pair("AWS_REGION", "us-east-1"),
                            Pair("AWS_DEFAULT_REGION", "us-east-1"), Pair("LOG", "debug")));
}

TEST(Hardware, HasItsProxiesOnTheInstancesOwnVsock) {
    const WorldFile world = hardware_world();
    PartCommands commands(world, "/glovebox", "/w", {});
    commands.run_on_hardware();
    ProxyPart proxy;
    proxy.listen = {"8000=a.example:443"};
    EXPECT_THAT(commands.proxy(proxy).arguments, Contains("vsock"));
    EXPECT_THAT(commands.proxy(proxy).arguments, Not(Contains("--world")));
    proxy.vsock_proxy = {"8000", "a.example", "443"};
    proxy.config = "allow.yaml";
    const core::Command aws = commands.proxy(proxy);
    EXPECT_THAT(aws.arguments,
                ElementsAre("vsock-proxy", "--config", "allow.yaml", "8000", "a.example", "443"));
    EXPECT_THAT(aws.environment, ElementsAre(Pair("RUST_LOG", "info")));
}

}  // namespace
}  // namespace glovebox::up
