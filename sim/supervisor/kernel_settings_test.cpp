// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/kernel_settings.h"

#include <gtest/gtest.h>

namespace glovebox::supervisor {
namespace {

TEST(SettingAfter, IsTheFirstLineAsTheKernelWritesIt) {
    EXPECT_EQ(setting_after("65530\n", "262144"), "262144\n");
    EXPECT_EQ(setting_after("65530\n", " 1 \n530\n"), "1\n") << "over an older, longer value";
    EXPECT_EQ(setting_after("32 \t7\n", "3\t5\n"), "3\t5\n");
    EXPECT_EQ(setting_after("core\n", "/tmp/%e\n"), "/tmp/%e\n");
}

TEST(SettingAfter, IsNothingForWhatAKernelRefuses) {
    EXPECT_EQ(setting_after("65530\n", "many\n"), "");
    EXPECT_EQ(setting_after("65530\n", "\n"), "");
    EXPECT_EQ(setting_after("always [madvise] never\n", "sometimes\n"), "");
}

TEST(SettingAfter, MarksAChoice) {
    EXPECT_EQ(setting_after("always [madvise] never\n", "never\n"), "always madvise [never]\n");
    EXPECT_EQ(setting_after("always [madvise] never\n", "madvise"), "always [madvise] never\n");
}

TEST(KernelSettings, AreKnownByTheirPath) {
    EXPECT_TRUE(KernelSettings::named_by("/proc/sys/vm/max_map_count"));
    EXPECT_TRUE(KernelSettings::named_by("/sys/kernel/mm/transparent_hugepage/enabled"));
    EXPECT_FALSE(KernelSettings::named_by("/proc/sys/net/ipv4/ip_forward")) << "the enclave's own";
    EXPECT_FALSE(KernelSettings::named_by("/proc/sys/vm/../../self/mem"));
    EXPECT_FALSE(KernelSettings::named_by("/proc/sys/vm/.."));
    EXPECT_FALSE(KernelSettings::named_by("max_map_count"));
    EXPECT_FALSE(KernelSettings::named_by(""));
    EXPECT_FALSE(KernelSettings::named_by("/proc/sys/kernel/hostname")) << "seen by uname(2)";
    EXPECT_FALSE(KernelSettings::named_by("/proc/sys/kernel//hostname"));
    EXPECT_FALSE(KernelSettings::named_by("/proc/sys/vm/max_map_count/")) << "ENOTDIR";
}

TEST(KernelSettings, HaveOneNameHoweverTheirPathIsWritten) {
    for (const char* path : {"/proc/sys/vm/swappiness", "/proc/sys/vm//swappiness",
                             "//proc//sys///vm/swappiness", "/proc/sys/./vm/././swappiness"})
        EXPECT_EQ(KernelSettings::named_by(path), "/proc/sys/vm/swappiness") << path;
}

}  // namespace
}  // namespace glovebox::supervisor
