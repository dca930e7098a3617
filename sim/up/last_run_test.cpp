// SPDX-License-Identifier: Apache-2.0

#include "sim/up/last_run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::up {
namespace {

TEST(LastRun, IsKeptInPlaceOfAnother) {
    const TemporaryDirectory folder;
    const std::string file = (std::filesystem::path(folder.path()) / "new" / "kept.jsonl").string();
    EXPECT_FALSE(keep("", file));
    EXPECT_FALSE(keep("one\n", ""));
    EXPECT_TRUE(keep("one\ntwo\n", file));
    EXPECT_TRUE(keep("three\n", file));
    std::ostringstream kept;
    kept << std::ifstream(file).rdbuf();
    EXPECT_EQ(kept.str(), "three\n");
}

}  // namespace
}  // namespace glovebox::up
