// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/pcr_bank.h"

#include <gtest/gtest.h>

#include "nsm-mock/module/nsm_error.h"

namespace glovebox::nsm {
namespace {

TEST(PcrBank, ExtendingTwiceExtendsTheExtended) {
    PcrBank bank;
    const Pcr once = bank.extend(16, as_bytes("a")).value();
    EXPECT_EQ(once, extended(Pcr{}, as_bytes("a")));
    const Pcr twice = bank.extend(16, as_bytes("a")).value();
    EXPECT_EQ(twice, extended(once, as_bytes("a")));
    EXPECT_EQ(bank.describe(16)->value, twice);
    EXPECT_NE(bank.extend(16, {}).value(), twice) << "no data is an extension too";
}

TEST(PcrBank, ALockedRegisterIsReadOnly) {
    PcrBank bank;
    ASSERT_TRUE(bank.lock(20));
    EXPECT_TRUE(bank.describe(20)->locked);
    EXPECT_EQ(bank.extend(20, as_bytes("a")).error().code, NsmError::read_only_index);
    EXPECT_EQ(bank.lock(20).error().code, NsmError::read_only_index);
    EXPECT_TRUE(is_zero(bank.describe(20)->value));
}

TEST(PcrBank, ARangeLocksWhatIsLockedAlreadyToo) {
    PcrBank bank;
    ASSERT_TRUE(bank.lock_range(0));
    EXPECT_TRUE(bank.locked().empty());
    ASSERT_TRUE(bank.lock_range(16));
    EXPECT_EQ(bank.locked().size(), 16u);
    ASSERT_TRUE(bank.lock_range(32));
    ASSERT_TRUE(bank.lock_range(32));
    EXPECT_EQ(bank.locked().size(), 32u);
    ASSERT_TRUE(bank.lock_range(0));
    EXPECT_EQ(bank.locked().size(), 32u) << "nothing is ever unlocked";
}

TEST(PcrBank, IndicesBeyondTheLastAreRefused) {
    PcrBank bank;
    for (const PcrIndex index : {32, 33, 255, 256, 65535}) {
        EXPECT_EQ(bank.describe(index).error().code, NsmError::invalid_index);
        EXPECT_EQ(bank.extend(index, {}).error().code, NsmError::invalid_index);
        EXPECT_EQ(bank.lock(index).error().code, NsmError::invalid_index);
    }
    EXPECT_EQ(bank.lock_range(33).error().code, NsmError::invalid_index);
    EXPECT_EQ(bank.lock_range(65535).error().code, NsmError::invalid_index);
    EXPECT_TRUE(bank.locked().empty());
}

}  // namespace
}  // namespace glovebox::nsm
