// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/memory_calls.h"

#include <gtest/gtest.h>

namespace glovebox::supervisor {
namespace {

constexpr std::string_view maps =
    "1000-3000 r-xp 00000000 08:01 12 /bin/program\n"
    "3000-5000 rw-p 00000000 00:00 0\n"
    "7fff0000-7fff1000 rw-p 00000000 00:00 0 [stack]\n";

TEST(IsMapped, GoesOverNeighbours) {
    EXPECT_TRUE(is_mapped(maps, 0x1000, 0x5000));
    EXPECT_TRUE(is_mapped(maps, 0x2000, 0x3000));
    EXPECT_TRUE(is_mapped(maps, 0x7fff0000, 0x7fff1000));
    EXPECT_TRUE(is_mapped(maps, 0x9000, 0x9000)) << "nothing";
}

TEST(IsMapped, StopsAtGaps) {
    EXPECT_FALSE(is_mapped(maps, 0x0, 0x2000));
    EXPECT_FALSE(is_mapped(maps, 0x4000, 0x6000));
    EXPECT_FALSE(is_mapped(maps, 0x4000, 0x7fff1000));
    EXPECT_FALSE(is_mapped("", 0x1000, 0x2000));
    EXPECT_FALSE(is_mapped("no map\n", 0x1000, 0x2000));
}

}  // namespace
}  // namespace glovebox::supervisor
