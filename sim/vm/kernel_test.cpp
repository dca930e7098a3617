// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::vm {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A kernel with modules that need each other, as `dpkg -x` leaves it.
class KernelFolder : public testing::Test {
  protected:
    KernelFolder() {
        const fs::path boot = folder() / "root/boot";
        fs::create_directories(boot);
        fs::create_directories(modules() / "kernel/net");
        std::ofstream(boot / "config-6.1.0-1") << "";
        std::ofstream(boot / "vmlinuz-6.1.0-1") << "kernel";
        std::ofstream(folder() / "package") << "linux-image-6.1.0-1 6.1.1-2\n";
        std::ofstream(modules() / "modules.builtin") << "kernel/drivers/virtio/virtio-pci.ko\n";
        module("vsock", "");
        module("vsock-common", "vsock");
        module("vsock_virtio", "vsock-common,vsock");
    }
    void module(const std::string& name, const std::string& depends) {
        std::ofstream(modules() / "kernel/net" / (name + ".ko"))
            << "ELF" << '\0' << "depends=" << depends << '\0' << "name=" << name << '\0';
    }
    fs::path folder() const { return fs::path(directory_.path()) / "bookworm-amd64"; }
    fs::path modules() const { return folder() / "root/lib/modules/6.1.0-1"; }

    std::vector<std::string> order(const std::vector<std::string>& names) {
        std::vector<std::string> loaded;
        for (const auto& one : Kernel::open(folder(), "6.1").value().load_order(names).value())
            loaded.push_back(one.name);
        return loaded;
    }

    TemporaryDirectory directory_;
};

TEST_F(KernelFolder, IsReadAsItWasUnpacked) {
    const auto kernel = Kernel::open(folder(), "6.1");
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_EQ(kernel->package, "linux-image-6.1.0-1");
    EXPECT_EQ(kernel->version, "6.1.1-2");
    EXPECT_EQ(kernel->image.filename(), "vmlinuz-6.1.0-1");
}

TEST_F(KernelFolder, LoadsEachModuleAfterWhatItNeedsAndOnce) {
    EXPECT_THAT(order({"vsock_virtio", "vsock"}),
                ElementsAre("vsock", "vsock_common", "vsock_virtio"));
}

TEST_F(KernelFolder, LeavesOutWhatIsBuiltIn) {
    EXPECT_THAT(order({"virtio_pci"}), IsEmpty());
}

TEST_F(KernelFolder, NamesTheModuleThatItLacks) {
    EXPECT_THAT(Kernel::open(folder(), "6.1").value().load_order({"nsm"}).error().message,
                HasSubstr("linux-image-6.1.0-1 has no module nsm"));
}

TEST(Kernel, ThatIsMissingIsGotBySetup) {
    const TemporaryDirectory empty;
    EXPECT_THAT(Kernel::open(empty.path(), "6.12").error().message,
                HasSubstr("run `glovebox vm setup --kernel 6.12`"));
}

TEST(KernelCache, IsThatOfTheFirstAbsolutePath) {
    EXPECT_EQ(kernel_cache("/own", "/cache", "/home/a").value(), "/own");
    EXPECT_EQ(kernel_cache(nullptr, "/cache", "/home/a").value(), "/cache/glovebox/vm");
    EXPECT_EQ(kernel_cache("", "cache", "/home/a").value(), "/home/a/.cache/glovebox/vm");
    EXPECT_THAT(kernel_cache(nullptr, nullptr, nullptr).error().message,
                HasSubstr("GLOVEBOX_VM_CACHE"));
}

TEST(KernelCache, HasAFolderForEachReleaseAndArchitecture) {
    const Platform platform = find_platform("aarch64").value();
    EXPECT_EQ(folder_of("/c", "6.12", platform), "/c/bookworm-backports-arm64");
    EXPECT_EQ(folder_of("/c", "6.1", platform), "/c/bookworm-arm64");
    EXPECT_EQ(folder_of("/c", "6.1-full", platform), "/c/bookworm-full-arm64");
}

}  // namespace
}  // namespace glovebox::vm
