// SPDX-License-Identifier: Apache-2.0

#include "core/base/replace_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/base/file_bytes.h"
#include "core/base/testing/file_size_limit.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ReplaceFile : public testing::Test {
  protected:
    Result<UniqueFd> replace(const NewFile& file) {
        const UniqueFd directory(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY));
        return replace_file(directory.get(), "state", file);
    }
    std::string content() { return read_system_text(folder_.path() + "/state"); }
    std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
            found.push_back(entry.path().filename());
        return found;
    }

    TemporaryDirectory folder_;
};

TEST_F(ReplaceFile, ReadersSeeTheOldContentOrTheNewOne) {
    ASSERT_TRUE(replace({.content = as_bytes("one")}));
    const UniqueFd reader(::open((folder_.path() + "/state").c_str(), O_RDONLY));
    ASSERT_TRUE(
        replace({.content = as_bytes("two"), .mode = 0644, .survives = Survives::a_power_failure}));
    const auto old = read_bytes(reader.get(), "state", 100);
    ASSERT_TRUE(old);
    EXPECT_EQ(as_text(*old), "one");
    EXPECT_EQ(content(), "two");
    EXPECT_THAT(names(), ElementsAre("state"));
}

TEST_F(ReplaceFile, WhatDoesNotFitLeavesTheOldFileAndNothingElse) {
    ASSERT_TRUE(replace({.content = as_bytes("one")}));
    const std::string large(1000, 'x');
    Result<UniqueFd> failed = Error();
    {
        const FileSizeLimit limit(100);
        failed = replace({.content = as_bytes(large)});
    }
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code.value(), EFBIG);
    EXPECT_THAT(failed.error().message, HasSubstr("cannot write state: File too large. The file"));
    EXPECT_EQ(content(), "one");
    EXPECT_THAT(names(), ElementsAre("state"));
}

TEST_F(ReplaceFile, WhatAKilledProcessHasLeftIsNoReasonToFail) {
    std::ofstream(folder_.path() + "/state.new") << "half";
    ASSERT_TRUE(replace({.content = as_bytes("one")}));
    EXPECT_EQ(content(), "one");
    EXPECT_THAT(names(), ElementsAre("state"));
}

TEST_F(ReplaceFile, ItIsLockedBeforeItHasItsName) {
    const auto held = replace({.content = as_bytes("one"), .is_locked = true});
    ASSERT_TRUE(held);
    const UniqueFd other(::open((folder_.path() + "/state").c_str(), O_RDONLY));
    EXPECT_NE(::flock(other.get(), LOCK_EX | LOCK_NB), 0);
}

}  // namespace
}  // namespace glovebox
