// SPDX-License-Identifier: Apache-2.0

#include "core/base/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

class FileWatchTest : public testing::Test {
  protected:
    void write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

    TemporaryDirectory folder_;
    const std::string path_ = folder_ / "file";
};

// A file that changed long ago: this program.
TEST(FileWatch, AFileThatStaysIsReadOnce) {
    int parsed = 0;
    ParsedFile<int> file("/proc/self/exe", [&](const std::string&) { return ++parsed; });
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(file.get(), 1);
}

TEST_F(FileWatchTest, AFileThatIsMissingIsReadOnceToo) {
    FileWatch watch(path_);
    EXPECT_TRUE(watch.take_change());
    EXPECT_FALSE(watch.take_change());
}

// Of one size and perhaps of one tick of the kernel's clock.
TEST_F(FileWatchTest, EveryWriteIsSeen) {
    ParsedFile<std::string> file(path_, [](const std::string& text) { return text; });
    EXPECT_EQ(file.get(), "");
    for (int i = 0; i < 100; ++i) {
        write(std::to_string(100 + i));
        EXPECT_EQ(file.get(), std::to_string(100 + i));
    }
    std::filesystem::remove(path_);
    EXPECT_EQ(file.get(), "");
}

TEST_F(FileWatchTest, AnotherFileAtThePathIsSeen) {
    std::filesystem::create_symlink("/proc/self/exe", path_);
    FileWatch watch(path_);
    EXPECT_TRUE(watch.take_change());
    EXPECT_FALSE(watch.take_change());
    std::filesystem::remove(path_);
    std::filesystem::create_symlink("/proc/self/stat", path_);
    EXPECT_TRUE(watch.take_change());
}

}  // namespace
}  // namespace glovebox
