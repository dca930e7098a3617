// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/boot_image.h"

#include <gmock/gmock.h>

#include <csignal>

#include "sim/enclave/kernel_end.h"

namespace glovebox::enclave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* no_such_file = "Could not open /env file: No such file or directory\n";

const eif::UnpackedImage unpacked{"/cache/entry/tree", 80 << 20, true};

TEST(ForeignArchitecture, IsRefusedWithTheWayOut) {
    using eif::Architecture;
    EXPECT_EQ(foreign_architecture(Architecture::x86_64, "x86_64"), "");
    EXPECT_EQ(foreign_architecture(Architecture::aarch64, "aarch64"), "");
    EXPECT_THAT(
        foreign_architecture(Architecture::aarch64, "x86_64"),
        HasSubstr("the image is for aarch64 (bit 0 of the header's flags, offset 6), and this "
                  "machine is x86_64"));
    EXPECT_THAT(foreign_architecture(Architecture::x86_64, "aarch64"),
                HasSubstr("--platform linux/arm64"));
}

TEST(InitStart, IsTheLinesOfBothFiles) {
    const InitStart start =
        read_init_start(unpacked, {"A=1\nB=\n", "/bin/app\n--port\n5005"}, true, true);
    EXPECT_FALSE(start.has_failed());
    EXPECT_EQ(start.root, "/cache/entry/tree/rootfs");
    EXPECT_THAT(start.command, ElementsAre("/bin/app", "--port", "5005"));
    EXPECT_THAT(start.environment, ElementsAre("A=1", "B="));
}

TEST(InitStart, EmptyFilesAreEnough) {
    const InitStart start = read_init_start(unpacked, {"", ""}, true, true);
    EXPECT_FALSE(start.has_failed());
    EXPECT_TRUE(start.command.empty());
    EXPECT_TRUE(start.environment.empty());
}

TEST(InitStart, AMissingFileIsSaidOnceUnderTheNameOfEnv) {
    const InitStart no_cmd = read_init_start(unpacked, {"", std::nullopt}, true, true);
    EXPECT_EQ(no_cmd.panic,
              std::string(no_such_file) +
                  "init[1]: segfault at 0\n"
                  "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n");
    EXPECT_THAT(no_cmd.cause, HasSubstr("have no /cmd at their top"));
    const InitStart no_env = read_init_start(unpacked, {std::nullopt, ""}, true, true);
    EXPECT_EQ(no_env.panic, no_cmd.panic);
    EXPECT_THAT(no_env.cause, HasSubstr("have no /env at their top"));
}

TEST(InitStart, BothMissingAreSaidTwice) {
    const InitStart start = read_init_start(unpacked, {}, true, true);
    EXPECT_TRUE(start.panic.starts_with(std::string(no_such_file) + no_such_file));
    EXPECT_THAT(start.cause, HasSubstr("no /env and no /cmd"));
}

TEST(InitStart, TooLittleMemoryEndsInTheSameWordsForAnotherReason) {
    const InitStart start = read_init_start(unpacked, {"", "/bin/app\n"}, true, false);
    EXPECT_THAT(start.panic, HasSubstr(std::string(no_such_file) + no_such_file));
    EXPECT_THAT(start.cause, HasSubstr("take 81 MiB unpacked"));
    EXPECT_THAT(start.cause, HasSubstr("--memory"));
}

TEST(InitStart, ARootThatIsNotThereComesAfterTheFiles) {
    const InitStart start = read_init_start(unpacked, {"", "/bin/app\n"}, false, true);
    EXPECT_EQ(start.panic,
              "mount --bind /rootfs /rootfs: No such file or directory\n"
              "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000200\n");
}

TEST(KernelEnd, IsAPowerOffForRebootAndAPanicForEveryOtherEnd) {
    for (const int reboot : {SIGHUP, SIGINT}) {
        EXPECT_TRUE(is_power_off(reboot));
        EXPECT_EQ(exit_status_of_init(reboot), 0);
    }
    const auto exited = [](int code) { return code << 8; };
    EXPECT_FALSE(is_power_off(exited(0)));
    EXPECT_EQ(exit_status_of_init(exited(0)), 1) << "a panic is no success";
    EXPECT_EQ(exit_status_of_init(exited(3)), 3);
    EXPECT_EQ(exit_status_of_init(SIGSEGV), 128 + SIGSEGV);
    EXPECT_EQ(panic_line(exited(3)),
              "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300\n");
}

}  // namespace
}  // namespace glovebox::enclave
