// SPDX-License-Identifier: Apache-2.0

#include "core/base/private_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class PrivateDirectory : public testing::Test {
  protected:
    TemporaryDirectory scratch_;
    std::string path_ = scratch_ / "world";
};

TEST_F(PrivateDirectory, IsMadeForItsOwnerAlone) {
    const mode_t before = ::umask(0);
    const auto opened = open_private_directory(path_);
    ::umask(before);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(mode_of(path_), 0700U);
    EXPECT_EQ(::fcntl(opened->get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(PrivateDirectory, IsOpenedAgain) {
    ASSERT_TRUE(open_private_directory(path_));
    EXPECT_TRUE(open_private_directory(path_ + "//"));
}

TEST_F(PrivateDirectory, OneThatOthersMayEnterIsRefused) {
    fs::create_directory(path_);
    for (const mode_t open_mode : {0755U, 0701U, 0710U, 0777U, 01777U}) {
        ASSERT_EQ(::chmod(path_.c_str(), open_mode), 0);
        const auto opened = open_private_directory(path_);
        ASSERT_FALSE(opened) << std::oct << open_mode;
        EXPECT_EQ(opened.error().code.value(), EACCES);
        EXPECT_THAT(opened.error().message, HasSubstr("name a directory that is not there yet"));
        EXPECT_THAT(opened.error().message, Not(HasSubstr("chmod")));
    }
}

TEST_F(PrivateDirectory, ASymbolicLinkIsRefusedHoweverItIsWritten) {
    fs::create_directory(scratch_ / "real");
    fs::permissions(scratch_ / "real", fs::perms::owner_all);
    fs::create_symlink("real", path_);
    for (const char* end : {"", "/", "//"}) {
        const auto opened = open_private_directory(path_ + end);
        ASSERT_FALSE(opened) << end;
        EXPECT_EQ(opened.error().code.value(), ENOTDIR);
        EXPECT_THAT(opened.error().message, HasSubstr("symbolic link"));
    }
    for (const char* end : {"/.", "/./", "/.."})
        EXPECT_EQ(open_private_directory(path_ + end).error().code.value(), EINVAL) << end;
}

TEST_F(PrivateDirectory, ADanglingLinkIsNeitherFollowedNorFilled) {
    fs::create_symlink("nowhere", path_);
    EXPECT_FALSE(open_private_directory(path_));
    EXPECT_FALSE(fs::exists(scratch_ / "nowhere"));
}

TEST_F(PrivateDirectory, AFileIsRefused) {
    std::ofstream(path_) << "text";
    EXPECT_EQ(open_private_directory(path_).error().code.value(), ENOTDIR);
}

TEST_F(PrivateDirectory, SomebodyElsesIsRefused) {
    std::string theirs = "/usr";  // root's
    if (::geteuid() == 0) {
        fs::create_directory(path_);
        fs::permissions(path_, fs::perms::owner_all);
        ASSERT_EQ(::chown(path_.c_str(), 12345, 0), 0);
        theirs = path_;
    }
    const auto opened = open_private_directory(theirs);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code.value(), EPERM);
    EXPECT_THAT(opened.error().message,
                HasSubstr("but this is user " + std::to_string(::geteuid())));
}

TEST_F(PrivateDirectory, ItsParentMustExist) {
    const auto opened = open_private_directory(scratch_ / "absent/world");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code.value(), ENOENT);
    EXPECT_THAT(opened.error().message, HasSubstr("absent/world"));
}

TEST(PrivateDirectoryName, AnEmptyOrDottedOneIsRefused) {
    for (const char* path : {"", "/", ".", "..", "./", "/tmp/.."})
        EXPECT_EQ(open_private_directory(path).error().code.value(), EINVAL) << path;
}

}  // namespace
}  // namespace glovebox
