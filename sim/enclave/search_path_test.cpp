// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/search_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::enclave {
namespace {

using ::testing::ElementsAre;

TEST(SearchPath, AnEmptyFolderIsTheWorkingDirectory) {
    EXPECT_THAT(split_search_path("/usr/bin:/bin"), ElementsAre("/usr/bin", "/bin"));
    EXPECT_THAT(split_search_path(":/bin::"), ElementsAre(".", "/bin", ".", "."));
    EXPECT_THAT(split_search_path(""), ElementsAre("."));
}

TEST(SearchPath, AFolderAndAFileWithoutTheBitAreNotExecutable) {
    EXPECT_TRUE(is_executable("/bin/sh"));
    EXPECT_FALSE(is_executable("/bin"));
    EXPECT_FALSE(is_executable("/etc/passwd"));
    EXPECT_FALSE(is_executable("/nonexistent"));
}

}  // namespace
}  // namespace glovebox::enclave
