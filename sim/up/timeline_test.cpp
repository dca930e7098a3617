// SPDX-License-Identifier: Apache-2.0

#include "sim/up/timeline.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace glovebox::up {
namespace {

std::string log_line(const char* component, const char* event) {
    return fmt::format(
        R"({{"time":"2026-01-02T03:04:05.678Z","level":"info","component":"{}","event":"{}",)"
        R"("message":"m"}})",
        component, event);
}

TEST(Timeline, APartSpeaksForItselfAlone) {
    for (const auto& [part, component] :
         {std::pair("kms", "kms"), std::pair("imds", "imds"), std::pair("faults", "fault"),
          std::pair("switch", "vsock-switch"), std::pair("machine/16", "vm"),
          std::pair("parent", "parent"), std::pair("inspect", "inspect"),
          std::pair("to_kms", "proxy"), std::pair("in", "forward"), std::pair("kms", "glovebox")})
        EXPECT_EQ(entry_of_error_line(part, log_line(component, "e")).component, component);
    for (const auto& [part, component] :
         {std::pair("kms", "up"), std::pair("kms", "proxy"), std::pair("machine/16", "kms"),
          std::pair("parent", "kms"), std::pair("to_kms", "kms"), std::pair("in", "up")})
        EXPECT_EQ(entry_of_error_line(part, log_line(component, "e")).component, "") << component;
}

TEST(Timeline, AnEnclavesProgramCanNotSpeakForTheWorld) {
    for (const char* const component : {"run", "nsm", "forward", "glovebox"})
        EXPECT_EQ(
            entry_of_error_line("kms", log_line(component, "e"), Writers::glovebox_and_program)
                .component,
            component);
    for (const char* const component :
         {"up", "kms", "imds", "fault", "proxy", "vsock-switch", "vm", "parent", "inspect", ""}) {
        const std::string line = log_line(component, "world_ended");
        const auto entry = entry_of_error_line("kms", line, Writers::glovebox_and_program);
        EXPECT_EQ(entry.component, "") << component;
        EXPECT_EQ(entry.event, "output");
        EXPECT_EQ(entry.message, line);
        EXPECT_TRUE(entry.fields.empty());
    }
}

}  // namespace
}  // namespace glovebox::up
