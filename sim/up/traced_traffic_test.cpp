// SPDX-License-Identifier: Apache-2.0

#include "sim/up/traced_traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/up/hardware.h"
#include "sim/up/machine_limits.h"
#include "sim/up/part_commands.h"

namespace glovebox::up {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

WorldFile traced_world() {
    WorldFile file;
    file.proxies.emplace_back();
    file.proxies.front().name = "out";
    file.proxies.front().label = "proxy/out";
    file.enclaves.emplace_back();
    file.enclaves.front().name = file.enclaves.front().label = "app";
    file.forwards.emplace_back();
    file.forwards.front().name = "out";
    file.forwards.front().label = "forward/out";
    return file;
}

TEST(TracedTraffic, APartIsNamedByItsNameOrItsLabel) {
    WorldFile file = traced_world();
    ASSERT_TRUE(trace_traffic(file, "out"));
    EXPECT_EQ(file.proxies.front().trace_traffic, 1024U);
    EXPECT_EQ(file.forwards.front().trace_traffic, 1024U);
    ASSERT_TRUE(trace_traffic(file, "proxy/out=7"));
    EXPECT_EQ(file.proxies.front().trace_traffic, 7U);
    EXPECT_EQ(file.forwards.front().trace_traffic, 1024U);
    ASSERT_TRUE(trace_traffic(file, "parent=65536"));
    EXPECT_EQ(file.parent.trace_traffic, 65536U);
    EXPECT_FALSE(file.enclaves.front().trace_traffic);
}

TEST(TracedTraffic, WhatNamesNoPartOrNoNumberIsAnError) {
    WorldFile file = traced_world();
    EXPECT_THAT(trace_traffic(file, "ap").error().message,
                HasSubstr("no part \"ap\", did you mean app?: it has proxy/out, app"));
    for (const char* text : {"app=0", "app=65537", "app=", "app=1k"})
        EXPECT_THAT(trace_traffic(file, text).error().message, HasSubstr("from 1 to 65536"));
    file.proxies.front().vsock_proxy = {"8000", "c.example", "443"};
    EXPECT_THAT(trace_traffic(file, "proxy/out").error().message, HasSubstr("AWS's vsock-proxy"));
    EXPECT_FALSE(file.enclaves.front().trace_traffic);
}

TEST(TracedTraffic, PartsAreToldToKeepItAloneWhereItWasAskedFor) {
    WorldFile file = traced_world();
    const PartCommands commands(file, "glovebox", "/world", "");
    const auto all = [&] {
        std::vector<std::string> words;
        for (const auto& command :
             {commands.proxy(file.proxies.front()), commands.enclave(file.enclaves.front()),
              commands.forward(file.forwards.front()), commands.parent({"true"}, "")})
            words.insert(words.end(), command.arguments.begin(), command.arguments.end());
        return words;
    };
    EXPECT_THAT(all(), Not(Contains("--trace-traffic")));
    EXPECT_FALSE(traced_traffic_notice(file));
    for (const char* name : {"out", "app", "parent"})
        ASSERT_TRUE(trace_traffic(file, name));
    EXPECT_THAT(all(), Contains("--trace-traffic").Times(4));
    EXPECT_THAT(traced_traffic_notice(file)->message,
                HasSubstr("proxy/out (1024 bytes), app (1024 bytes), forward/out (1024 bytes)"));
}

TEST(TracedTraffic, WhereAfVsockIsAKernelsItIsThatOfProxiesAlone) {
    for (const auto limit : {limit_to_machines, limit_to_hardware}) {
        WorldFile file = traced_world();
        for (const char* name : {"out", "app", "parent"})
            ASSERT_TRUE(trace_traffic(file, name));
        const auto not_run = limit(file);
        EXPECT_THAT(not_run, Contains(NotRun{"app", "trace_traffic",
                                             "AF_VSOCK is a kernel's there; proxies and forwards "
                                             "have it"}));
        EXPECT_FALSE(file.enclaves.front().trace_traffic);
        EXPECT_FALSE(file.parent.trace_traffic);
        EXPECT_TRUE(file.proxies.front().trace_traffic);
        EXPECT_TRUE(file.forwards.front().trace_traffic);
    }
}

}  // namespace
}  // namespace glovebox::up
