// SPDX-License-Identifier: Apache-2.0

#include "core/base/nearest_name.h"

#include <gtest/gtest.h>

#include <string>

namespace glovebox {
namespace {

TEST(NearestName, IsTheOneThatWasMeant) {
    const std::vector<std::string_view> known{"command", "cid", "cpus", "ready", "ready_timeout"};
    EXPECT_EQ(nearest("comand", known), "command");
    EXPECT_EQ(nearest("ocmmand", known), "command");
    EXPECT_EQ(nearest("read", known), "ready");
    EXPECT_EQ(nearest("ready_time", known), "ready_timeout");
    EXPECT_EQ(nearest("cdi", known), "cid");
    EXPECT_EQ(nearest("zzz", known), "");
    EXPECT_EQ(nearest("", known), "");
    EXPECT_EQ(nearest("d", {"a", "b"}), "");
    EXPECT_EQ(nearest("ab", {"ac"}), "ac");
    EXPECT_EQ(nearest("command", {}), "");
}

// A table of distances to it would have terabytes.
TEST(NearestName, AWordOfAMegabyteIsNearNothingShort) {
    const std::string word(1 << 20, 'a');
    const std::string other(1 << 18, 'b');
    EXPECT_EQ(nearest(word, {"cid", other}), "");
}

}  // namespace
}  // namespace glovebox
