// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/qemu_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace glovebox::vm {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

QemuSettings settings(std::string_view machine, Acceleration acceleration) {
    QemuSettings all;
    all.platform = find_platform(machine).value();
    all.acceleration = acceleration;
    all.memory_mib = 768;
    all.processors = 2;
    all.kernel = "/k/vmlinuz";
    all.initramfs = "/w/initrd";
    all.channels = {5, 6, 7};
    return all;
}

// The value behind an option.
std::string value(const std::vector<std::string>& words, std::string_view option) {
    const auto at = std::find(words.begin(), words.end(), option);
    return at == words.end() || at + 1 == words.end() ? "" : *(at + 1);
}

TEST(QemuCommand, EmulatesWithoutKvm) {
    const auto words = qemu_command(settings("x86_64", Acceleration::tcg));
    EXPECT_EQ(words.front(), "qemu-system-x86_64");
    EXPECT_EQ(value(words, "-machine"), "q35,accel=tcg,memory-backend=ram");
    EXPECT_EQ(value(words, "-cpu"), "max,-cx16");
    EXPECT_EQ(value(words, "-m"), "768M");
    EXPECT_EQ(value(words, "-smp"), "2");
    EXPECT_EQ(value(words, "-kernel"), "/k/vmlinuz");
    EXPECT_EQ(value(words, "-initrd"), "/w/initrd");
    EXPECT_THAT(value(words, "-append"), HasSubstr("console=ttyS0"));
    EXPECT_THAT(value(words, "-append"), HasSubstr("tsc_early_khz=2000000"));
}

TEST(QemuCommand, UsesTheHostsProcessorUnderKvm) {
    const auto words = qemu_command(settings("x86_64", Acceleration::kvm));
    EXPECT_EQ(value(words, "-machine"), "q35,accel=kvm,memory-backend=ram");
    EXPECT_EQ(value(words, "-cpu"), "host");
    EXPECT_THAT(value(words, "-append"), Not(HasSubstr("tsc_early_khz")));
}

TEST(QemuCommand, EndsAGuestThatPanics) {
    for (const char* machine : {"x86_64", "aarch64"}) {
        const auto words = qemu_command(settings(machine, Acceleration::tcg));
        EXPECT_THAT(words, Contains("-no-reboot"));
        EXPECT_THAT(value(words, "-append"), HasSubstr("panic=-1 oops=panic"));
    }
}

TEST(QemuCommand, HasNoNetworkAndNoVsockDeviceUnasked) {
    const auto words = qemu_command(settings("x86_64", Acceleration::tcg));
    EXPECT_THAT(words, Contains("-nodefaults"));
    for (const std::string& word : words)
        EXPECT_THAT(word, Not(HasSubstr("vhost")));
}

TEST(QemuCommand, ConnectsTheVsockDeviceToTheSwitch) {
    QemuSettings with_vsock = settings("x86_64", Acceleration::tcg);
    with_vsock.vsock_socket = "/tmp/a,b.sock";
    const auto words = qemu_command(with_vsock);
    EXPECT_THAT(words, Contains("socket,id=vsock,path=/tmp/a,,b.sock"));
    EXPECT_THAT(words, Contains("vhost-user-vsock-pci,chardev=vsock"));
    EXPECT_THAT(words, Contains("memory-backend-memfd,id=ram,size=768M,share=on"));
}

TEST(QemuCommand, SharesThisMachinesFilesReadOnly) {
    QemuSettings with_files = settings("x86_64", Acceleration::tcg);
    with_files.has_host_files = true;
    with_files.shared_folders = {"/home/a,b"};
    const auto words = qemu_command(with_files);
    EXPECT_THAT(words,
                Contains("local,id=root,path=/,security_model=none,multidevs=remap,readonly=on"));
    EXPECT_THAT(words,
                Contains("local,id=share0,path=/home/a,,b,security_model=none,multidevs=remap"));
    EXPECT_THAT(words, Contains("virtio-9p-pci,fsdev=share0,mount_tag=share0"));
    for (const std::string& word : qemu_command(settings("x86_64", Acceleration::tcg)))
        EXPECT_THAT(word, Not(HasSubstr("9p")));
}

}  // namespace
}  // namespace glovebox::vm
