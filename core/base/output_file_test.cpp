// SPDX-License-Identifier: Apache-2.0

#include "core/base/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/base/file_bytes.h"
#include "core/base/testing/file_size_limit.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class WriteOutput : public testing::Test {
  protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return folder_.path() + "/" + name;
    }
    std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(folder_.path()))
            found.push_back(entry.path().filename());
        return found;
    }
    static Result<void> write_too_much(const std::string& path) {
        const FileSizeLimit limit(100);
        return write_output(path, as_bytes(std::string(1000, 'x')));
    }

    TemporaryDirectory folder_;
};

TEST_F(WriteOutput, AnOlderFileKeepsItsModeAndALinkItsTarget) {
    std::ofstream(path("file")) << "old";
    fs::permissions(path("file"), fs::perms::owner_read | fs::perms::owner_write);
    fs::create_symlink("file", path("link"));
    ASSERT_TRUE(write_output(path("link"), as_bytes("new")));
    EXPECT_EQ(read_system_text(path("file")), "new");
    EXPECT_TRUE(fs::is_symlink(path("link")));
    EXPECT_EQ(fs::status(path("file")).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_THAT(names(), UnorderedElementsAre("file", "link"));
}

TEST_F(WriteOutput, WhatDoesNotFitLeavesTheOldFileAndNothingElse) {
    std::ofstream(path("file")) << "old";
    for (const std::string name : {"file", "other"}) {
        const auto written = write_too_much(path(name));
        ASSERT_FALSE(written);
        EXPECT_THAT(written.error().message, HasSubstr(path(name)));
        EXPECT_THAT(written.error().message, HasSubstr("ulimit -f"));
    }
    EXPECT_EQ(read_system_text(path("file")), "old");
    EXPECT_THAT(names(), UnorderedElementsAre("file"));
}

TEST_F(WriteOutput, TheDescriptorOfSomebodyIsWrittenToInPlace) {
    const UniqueFd held(::open(path("file").c_str(), O_RDWR | O_CREAT, 0600));
    const std::string name = "/proc/self/fd/" + std::to_string(held.get());
    ASSERT_TRUE(write_output(name, as_bytes("text")));
    EXPECT_EQ(read_system_text(path("file")), "text");
    struct stat status {};
    ASSERT_EQ(::fstat(held.get(), &status), 0);
    EXPECT_EQ(status.st_size, 4);
    ASSERT_FALSE(write_too_much(name));
    EXPECT_EQ(fs::file_size(path("file")), 0u) << "no half";
}

TEST_F(WriteOutput, AFolderThatCantBeWrittenToIsNoReasonToFail) {
    if (::geteuid() == 0)
        GTEST_SKIP() << "root writes to every folder";
    std::ofstream(path("file")) << "old";
    fs::permissions(folder_.path(), fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_TRUE(write_output(path("file"), as_bytes("new")));
    const auto made = write_output(path("other"), as_bytes("new"));
    fs::permissions(folder_.path(), fs::perms::owner_all);
    EXPECT_EQ(read_system_text(path("file")), "new");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code.value(), EACCES);
}

TEST_F(WriteOutput, ADeviceGetsTheBytes) {
    EXPECT_TRUE(write_output("/dev/null", as_bytes("text")));
    const auto full = write_output("/dev/full", as_bytes("text"));
    ASSERT_FALSE(full);
    EXPECT_THAT(full.error().message, HasSubstr("Make room"));
}

}  // namespace
}  // namespace glovebox
