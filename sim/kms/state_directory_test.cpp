// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/state_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::kms {
namespace {

namespace fs = std::filesystem;

TEST(StateDirectory, IsMadeForItsOwnerAloneWithWhatIsAboveIt) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/above/state";
    EXPECT_EQ(open_state_directory(path).value(), path);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    EXPECT_EQ(trace_of(path).value(), path + "/trace.jsonl");
}

TEST(StateDirectory, OneThatOthersCanWriteIsRefusedByName) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/state";
    fs::create_directory(path);
    fs::permissions(path, fs::perms::all);
    EXPECT_THAT(open_state_directory(path).error().message, testing::HasSubstr(path));
    fs::create_directory_symlink(directory.path(), path + "-link");
    EXPECT_THAT(open_state_directory(path + "-link").error().message,
                testing::HasSubstr(path + "-link"));
}

}  // namespace
}  // namespace glovebox::kms
