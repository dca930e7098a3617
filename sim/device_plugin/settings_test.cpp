// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace glovebox::device_plugin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Settings settings_of(const std::map<std::string, std::string>& variables) {
    return read_settings([&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

TEST(DevicePluginSettings, AreFourEnclavesAndNoCpusByDefault) {
    for (const auto& settings :
         {settings_of({}),
          settings_of({{"MAX_ENCLAVES_PER_NODE", ""}, {"ENCLAVE_CPU_ADVERTISEMENT", ""}})}) {
        EXPECT_EQ(settings.enclaves, 4u);
        EXPECT_FALSE(settings.advertises_cpus);
        EXPECT_THAT(settings.warnings, IsEmpty());
    }
}

TEST(DevicePluginSettings, AreTheEnvironmentsAsAwssPluginReadsThem) {
    for (const char* text : {"1", "2", "3", "4", "+3"}) {
        const Settings settings = settings_of({{"MAX_ENCLAVES_PER_NODE", text}});
        EXPECT_EQ(settings.enclaves, static_cast<std::uint32_t>(std::string(text).back() - '0'));
        EXPECT_THAT(settings.warnings, IsEmpty());
    }
    for (const char* text : {"1", "t", "T", "true", "True", "TRUE"})
        EXPECT_TRUE(settings_of({{"ENCLAVE_CPU_ADVERTISEMENT", text}}).advertises_cpus) << text;
    for (const char* text : {"0", "f", "F", "false", "False", "FALSE"}) {
        const Settings settings = settings_of({{"ENCLAVE_CPU_ADVERTISEMENT", text}});
        EXPECT_FALSE(settings.advertises_cpus) << text;
        EXPECT_THAT(settings.warnings, IsEmpty());
    }
}

TEST(DevicePluginSettings, AreTheDefaultsWithAWarningForOtherValues) {
    for (const char* text : {"0", "5", "-1", "+-1", "four", "2x", " 2", "99999999999999999999"}) {
        const Settings settings = settings_of({{"MAX_ENCLAVES_PER_NODE", text}});
        EXPECT_EQ(settings.enclaves, 4u);
        EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr(text))) << text;
    }
    const Settings settings = settings_of({{"ENCLAVE_CPU_ADVERTISEMENT", "yes"}});
    EXPECT_FALSE(settings.advertises_cpus);
    EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("yes")));
}

}  // namespace
}  // namespace glovebox::device_plugin
