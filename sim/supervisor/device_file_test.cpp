// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/device_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::supervisor {
namespace {

TEST(DeviceFile, IsNamedByTheLastComponentAlone) {
    EXPECT_EQ(device_named("/dev/nsm"), DeviceFile::nsm);
    EXPECT_EQ(device_named("vsock"), DeviceFile::vsock);
    EXPECT_EQ(device_named("/proc/self/root/dev/nsm"), DeviceFile::nsm);
    for (const char* other : {"", "/", "/dev/nsm/", "/dev/nsm0", "/dev/xnsm", "/dev/null"})
        EXPECT_FALSE(device_named(other)) << other;
}

class DeviceFileInDev : public ::testing::Test {
  protected:
    // As this very thread would open it.
    static std::optional<DeviceFile> find(const std::string& path, bool follows_last = true,
                                          int directory = AT_FDCWD) {
        return device_at(DeviceFolder::at("/dev", false), ::gettid(), directory, path,
                         follows_last);
    }
    std::string link_to(const std::string& target) {
        std::string link = folder_ + "/link" + std::to_string(++links_);
        EXPECT_EQ(::symlink(target.c_str(), link.c_str()), 0);
        return link;
    }

    TemporaryDirectory temporary_;
    std::string folder_ = temporary_.path();
    int links_ = 0;
};

TEST_F(DeviceFileInDev, IsFoundByAnySpelling) {
    for (const char* path :
         {"/dev/nsm", "/dev//nsm", "/dev/./nsm", "//dev/nsm", "/dev/../dev/nsm", "/../dev/nsm",
          "/proc/self/root/dev/nsm", "/proc/thread-self/root/dev/nsm",
          "/proc/self/root/proc/self/root/dev/nsm"})
        EXPECT_EQ(find(path), DeviceFile::nsm) << path;
    for (const char* path : {"/nsm", "/tmp/nsm", "/absent/nsm", "/dev/absent/nsm", "/dev/null",
                             "/dev/nsm/", "/dev/nsm/.", "/dev/null/nsm", ""})
        EXPECT_FALSE(find(path)) << path;
    const UniqueFd dev(::open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC));
    EXPECT_EQ(find("nsm", true, dev.get()), DeviceFile::nsm);
    EXPECT_EQ(find("./nsm", true, dev.get()), DeviceFile::nsm);
    EXPECT_FALSE(find("../nsm", true, dev.get()));
}

TEST_F(DeviceFileInDev, IsFoundThroughLinks) {
    const std::string direct = link_to("/dev/nsm");
    EXPECT_EQ(find(direct), DeviceFile::nsm);
    EXPECT_FALSE(find(direct, false)) << "with O_NOFOLLOW it is a link";
    EXPECT_EQ(find(link_to(direct)), DeviceFile::nsm);
    EXPECT_EQ(find(link_to("/dev/vsock")), DeviceFile::vsock);
    EXPECT_EQ(find(link_to("/dev") + "/nsm"), DeviceFile::nsm);
    EXPECT_EQ(find(link_to("link1")), DeviceFile::nsm);
    EXPECT_FALSE(find(link_to("/dev/null")));
    const std::string loop = folder_ + "/loop";
    ASSERT_EQ(::symlink("loop", loop.c_str()), 0);
    EXPECT_FALSE(find(loop));
}

TEST_F(DeviceFileInDev, IsFoundByADescriptorOfItThatIsOpenedAnew) {
    for (const DeviceFile device : {DeviceFile::nsm, DeviceFile::vsock}) {
        const auto opened = open_device(device, O_RDWR);
        ASSERT_TRUE(opened);
        const std::string number = std::to_string(opened->get());
        for (const std::string folder : {"/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"})
            EXPECT_EQ(find(folder + number), device) << folder;
        EXPECT_EQ(find(link_to("/proc/self/fd/" + number)), device);
        EXPECT_FALSE(find("/proc/self/fd/" + number, false));
    }
    for (const int flags : {O_RDWR, O_PATH}) {
        const UniqueFd null(::open("/dev/null", flags | O_CLOEXEC));
        EXPECT_FALSE(find("/proc/self/fd/" + std::to_string(null.get())));
    }
    EXPECT_FALSE(find("/proc/self/fd/999"));
    EXPECT_FALSE(find("/proc/self/exe"));
}

TEST_F(DeviceFileInDev, IsInNoOtherDev) {
    ASSERT_TRUE(std::filesystem::create_directory(folder_ + "/dev"));
    EXPECT_FALSE(find(folder_ + "/dev/nsm"));
    const auto elsewhere = DeviceFolder::at(folder_ + "/dev", false);
    EXPECT_EQ(device_at(elsewhere, ::gettid(), AT_FDCWD, folder_ + "/dev/nsm", true),
              DeviceFile::nsm);
    EXPECT_FALSE(device_at(elsewhere, ::gettid(), AT_FDCWD, "/dev/nsm", true));
    EXPECT_EQ(device_at(elsewhere, ::gettid(), AT_FDCWD, "/dev/glovebox", true),
              DeviceFile::glovebox);
}

TEST(DeviceFile, IsKnownByItsDescriptorAndItsDuplicates) {
    for (const DeviceFile device : {DeviceFile::nsm, DeviceFile::vsock})
        for (const int mode : {O_RDONLY, O_WRONLY, O_RDWR, O_PATH}) {
            const auto opened = open_device(device, mode);
            ASSERT_TRUE(opened);
            EXPECT_EQ(::fcntl(opened->get(), F_GETFL) & O_PATH, 0) << "it can't be installed";
            const UniqueFd duplicate(::dup(opened->get()));
            EXPECT_EQ(device_of(duplicate.get()), device);
        }
    for (const char* other : {"/dev/null", "/dev/zero", "/dev/full"}) {
        const UniqueFd fd(::open(other, O_RDWR | O_CLOEXEC));
        EXPECT_FALSE(device_of(fd.get())) << other;
    }
    EXPECT_FALSE(device_of(-1));
}

TEST(DeviceFile, OfASandboxMayBeANodeThatTheKernelOpened) {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const UniqueFd zero(::open("/dev/zero", O_RDWR | O_CLOEXEC));
    EXPECT_TRUE(may_be_node(null.get()));
    EXPECT_FALSE(may_be_node(zero.get()));
    EXPECT_FALSE(may_be_node(-1));
    EXPECT_FALSE(is_real_vsock(null.get()));
}

TEST(DeviceFile, HasNeitherReadNorWrite) {
    const auto opened = open_device(DeviceFile::nsm, O_RDWR);
    ASSERT_TRUE(opened);
    char byte = 0;
    EXPECT_LT(::read(opened->get(), &byte, 1), 0);
    EXPECT_LT(::write(opened->get(), &byte, 1), 0);
}

TEST(DeviceFile, OpensAsAnExistingDeviceDoes) {
    EXPECT_EQ(open_device(DeviceFile::nsm, O_RDWR | O_CREAT | O_EXCL).error(), Errno{EEXIST});
    EXPECT_EQ(open_device(DeviceFile::nsm, O_DIRECTORY).error(), Errno{ENOTDIR});
    EXPECT_TRUE(open_device(DeviceFile::nsm, O_RDWR | O_CREAT));
    const auto status = stat_device(DeviceFile::nsm);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->st_mode, static_cast<mode_t>(S_IFCHR | 0666));
}

}  // namespace
}  // namespace glovebox::supervisor
