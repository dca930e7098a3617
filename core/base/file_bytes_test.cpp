// SPDX-License-Identifier: Apache-2.0

#include "core/base/file_bytes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "core/base/unique_fd.h"

namespace glovebox {
namespace {

class FileBytes : public testing::Test {
  protected:
    void write(std::size_t size) const { std::ofstream(path_) << std::string(size, 'a'); }

    TemporaryDirectory folder_;
    std::string path_ = folder_.path() + "/file";
};

TEST_F(FileBytes, ReadsUpToTheLimit) {
    for (const std::size_t size : {0, 1, 65536, 65537, 300'000}) {
        write(size);
        EXPECT_EQ(read_file_bytes(path_, 300'000).value(), Bytes(size, 'a'));
        EXPECT_EQ(read_file_bytes(path_, size).value().size(), size);
    }
}

TEST_F(FileBytes, NamesTheFileAndTheLimit) {
    write(101);
    EXPECT_EQ(read_file_bytes(path_, 100).error().message,
              path_ + " has more than 100 bytes, the most that is read of it");
    EXPECT_EQ(read_file_bytes("/dev/zero", 1000).error().message,
              "/dev/zero has more than 1000 bytes, the most that is read of it");
}

TEST_F(FileBytes, SaysWhyItCannotBeRead) {
    EXPECT_EQ(read_file_bytes(path_, 100).error().message,
              "cannot open " + path_ + ": No such file or directory");
    EXPECT_EQ(read_file_bytes(folder_.path(), 100).error().message,
              "cannot read " + folder_.path() + ": Is a directory");
}

TEST_F(FileBytes, AProcessThatEndsAfterItsFileWasOpenedIsAnError) {
    const pid_t process = ::fork();
    if (process == 0) {
        ::pause();
        ::_exit(0);
    }
    const std::string path = "/proc/" + std::to_string(process) + "/stat";
    EXPECT_NE(read_system_text(path), "");
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(file);
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
    EXPECT_EQ(read_bytes(file.get(), "it", 100).error().message, "cannot read it: No such process");
    EXPECT_EQ(read_system_text(path), "");
}

}  // namespace
}  // namespace glovebox
