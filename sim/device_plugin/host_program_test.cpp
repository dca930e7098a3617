// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/host_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string_view>

#include "core/base/file_bytes.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox::device_plugin {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class HostProgramTest : public testing::Test {
  protected:
    // Bytes that name no loader, like those of a static program.
    fs::path program(std::string_view bytes) const {
        const fs::path path = fs::path(directory_.path()) / "program";
        std::ofstream(path) << bytes;
        return path;
    }

    Result<void> install(const fs::path& path) const {
        return host_.install(StaticProgram::open(path).value());
    }

    TemporaryDirectory directory_;
    HostProgram host_{fs::path(directory_.path()) / "host"};
};

TEST_F(HostProgramTest, IsACopyThatEverybodyMayRunAndOneUserMayChange) {
    const mode_t mask = ::umask(077);
    const auto installed = install(program("static"));
    ::umask(mask);
    ASSERT_TRUE(installed) << installed.error().message;
    EXPECT_EQ(read_system_text(host_.path()), "static");
    EXPECT_EQ(fs::status(host_.path()).permissions(), fs::perms(0755));
    EXPECT_TRUE(host_.check());
}

TEST_F(HostProgramTest, IsANewFileAfterANewInstallation) {
    ASSERT_TRUE(install(program("first")));
    std::ifstream held(host_.path());
    ASSERT_TRUE(install(program("second")));
    std::string text;
    held >> text;
    EXPECT_EQ(text, "first");
    EXPECT_EQ(read_system_text(host_.path()), "second");
}

TEST_F(HostProgramTest, IsNoCopyOfAProgramThatNeedsALoader) {
    const auto opened = StaticProgram::open(program("#!/bin/sh\n"));
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("needs /bin/sh"));
    EXPECT_THAT(StaticProgram::open("/nonexistent/glovebox").error().message,
                HasSubstr("/nonexistent/glovebox: No such file"));
}

TEST_F(HostProgramTest, IsNotInstalledWhereOthersMayWrite) {
    fs::create_directory(host_.folder());
    fs::permissions(host_.folder(), fs::perms(0777));
    const auto installed = install(program("static"));
    ASSERT_FALSE(installed);
    EXPECT_THAT(installed.error().message, HasSubstr("mode 0777"));
    EXPECT_FALSE(fs::exists(host_.path()));
}

TEST_F(HostProgramTest, IsNotWrittenThroughALinkOfThatName) {
    const fs::path victim = fs::path(directory_.path()) / "victim";
    std::ofstream(victim) << "kept";
    fs::create_directory(host_.folder());
    fs::create_symlink(victim, host_.path());
    fs::create_symlink(victim, host_.folder() / ".glovebox.new");
    ASSERT_TRUE(install(program("static")));
    EXPECT_EQ(read_system_text(victim), "kept");
    EXPECT_FALSE(fs::is_symlink(host_.path()));
}

TEST_F(HostProgramTest, FailsItsCheckWhenItIsGoneOrOthersMayChangeIt) {
    ASSERT_TRUE(install(program("static")));
    fs::permissions(host_.path(), fs::perms(0777));
    EXPECT_THAT(host_.check().error().message, HasSubstr("others may change it"));
    fs::permissions(host_.path(), fs::perms(0644));
    EXPECT_THAT(host_.check().error().message, HasSubstr("may run"));
    fs::remove(host_.path());
    EXPECT_THAT(host_.check().error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace glovebox::device_plugin
