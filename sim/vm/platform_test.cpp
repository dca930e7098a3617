// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::vm {
namespace {

class Kvm : public testing::Test {
  protected:
    Kvm() : files_{directory_ / "kvm", directory_ / "cpuinfo"} {
        std::ofstream(files_.device).flush();
        set_flags("fpu vme svm_lock vmx_of_another_name");
    }
    void set_flags(const std::string& flags) {
        std::ofstream(files_.cpu_info) << "processor : 0\nflags\t\t: " << flags << "\n";
    }
    Acceleration choose(std::string_view machine = "x86_64") {
        return choose_acceleration("", machine, files_).value();
    }

    TemporaryDirectory directory_;
    KvmFiles files_;
};

TEST_F(Kvm, NeedsMoreThanTheDevice) {
    EXPECT_EQ(choose(), Acceleration::tcg);
}

TEST_F(Kvm, IsUsedOnAProcessorThatHasIt) {
    for (const char* flag : {"vmx", "svm"}) {
        set_flags(std::string("fpu ") + flag + " sse");
        EXPECT_EQ(choose(), Acceleration::kvm) << flag;
    }
}

TEST_F(Kvm, NeedsTheDevice) {
    set_flags("vmx");
    std::filesystem::remove(files_.device);
    EXPECT_EQ(choose(), Acceleration::tcg);
}

TEST_F(Kvm, NeedsNoFlagOnOtherArchitectures) {
    EXPECT_EQ(choose("aarch64"), Acceleration::kvm);
}

TEST_F(Kvm, IsDecidedByTheEnvironment) {
    EXPECT_EQ(choose_acceleration("kvm", "x86_64", files_).value(), Acceleration::kvm);
    set_flags("vmx");
    EXPECT_EQ(choose_acceleration("tcg", "x86_64", files_).value(), Acceleration::tcg);
    EXPECT_THAT(choose_acceleration("yes", "x86_64", files_).error().message,
                testing::HasSubstr("kvm, tcg or nothing"));
}

TEST(Platform, IsKnownForTwoArchitectures) {
    EXPECT_EQ(find_platform("x86_64").value().qemu, "qemu-system-x86_64");
    EXPECT_EQ(find_platform("aarch64").value().debian, "arm64");
    EXPECT_THAT(find_platform("riscv64").error().message, testing::HasSubstr("riscv64"));
}

}  // namespace
}  // namespace glovebox::vm
