// SPDX-License-Identifier: Apache-2.0

#include "core/base/counted.h"

#include <gtest/gtest.h>

namespace glovebox {
namespace {

TEST(Counted, OnlyOneHasNoPlural) {
    EXPECT_EQ(counted(0, "listener"), "0 listeners");
    EXPECT_EQ(counted(1, "listener"), "1 listener");
    EXPECT_EQ(counted(2, "listener"), "2 listeners");
}

}  // namespace
}  // namespace glovebox
