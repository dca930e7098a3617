#include "sim/supervisor/device_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox::supervisor {
namespace {

TEST(DeviceFile, IsNamedByTheLastComponentAlone) {
    EXPECT_EQ(device_named("/dev/nsm"), DeviceFile::nsm);
    EXPECT_EQ(device_named("vsock"), DeviceFile::vsock);
    EXPECT_EQ(device_named("/proc/self/root/dev/nsm"), DeviceFile::nsm);
    for (const char* other : {"", "/", "/dev/nsm/", "/dev/nsm0", "/dev/xnsm", "/dev/null"})
        EXPECT_FALSE(device_named(other)) << other;
}

TEST(DeviceFile, ItsFolderIsDevWhateverTheSpelling) {
    const pid_t self = ::getpid();
    for (const char* path : {"/dev/nsm", "/dev//nsm", "/dev/./nsm", "//dev/nsm", "/dev/../dev/nsm",
                             "/proc/self/root/dev/nsm"})
        EXPECT_TRUE(is_in_dev(self, AT_FDCWD, path)) << path;
    for (const char* path : {"/nsm", "/tmp/nsm", "/absent/nsm", "/dev/absent/nsm"})
        EXPECT_FALSE(is_in_dev(self, AT_FDCWD, path)) << path;
    const UniqueFd dev(::open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC));
    EXPECT_TRUE(is_in_dev(self, dev.get(), "nsm"));
    EXPECT_TRUE(is_in_dev(self, dev.get(), "./nsm"));
    EXPECT_FALSE(is_in_dev(self, dev.get(), "../nsm"));
}

TEST(DeviceFile, IsKnownByItsDescriptorAndItsDuplicates) {
    for (const DeviceFile device : {DeviceFile::nsm, DeviceFile::vsock})
        for (const int mode : {O_RDONLY, O_WRONLY, O_RDWR}) {
            const auto opened = open_device(device, mode);
            ASSERT_TRUE(opened);
            const UniqueFd duplicate(::dup(opened->get()));
            EXPECT_EQ(device_of(duplicate.get()), device);
        }
    for (const char* other : {"/dev/null", "/dev/zero", "/dev/full"}) {
        const UniqueFd fd(::open(other, O_RDWR | O_CLOEXEC));
        EXPECT_FALSE(device_of(fd.get())) << other;
    }
    EXPECT_FALSE(device_of(-1));
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
