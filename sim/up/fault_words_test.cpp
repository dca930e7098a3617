// SPDX-License-Identifier: Apache-2.0

#include "sim/up/fault_words.h"

#include <gtest/gtest.h>

#include "core/base/printable.h"

namespace glovebox::up {
namespace {

TEST(FaultWords, ARefusalShowsForeignTextAsText) {
    for (const char* words : {"cut \xe9", "'\x1b[2J'", "cut --port '\x1b[2J'", "'--\x1b'"}) {
        const auto fault = parse_fault(words);
        ASSERT_FALSE(fault) << words;
        EXPECT_EQ(printable(fault.error().message), fault.error().message);
    }
}

}  // namespace
}  // namespace glovebox::up
