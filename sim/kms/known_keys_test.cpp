// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/known_keys.h"

#include <gtest/gtest.h>

namespace glovebox::kms {
namespace {

Bytes new_key() {
    return KeyPair::generate(*find_key_spec("ECC_NIST_P256")).public_key().to_der();
}

TEST(KnownKeys, AreReadOnceAndTheOldestGoesFirst) {
    KnownKeys known;
    const Bytes first = new_key();
    auto* const read = known.read(first).value().get();
    EXPECT_EQ(known.read(first).value().get(), read);
    EXPECT_EQ(known.read(first).value().to_der(), first);
    for (std::size_t i = 0; i < KnownKeys::keys_max - 1; ++i)
        ASSERT_TRUE(known.read(new_key()));
    EXPECT_EQ(known.read(first).value().get(), read);
    ASSERT_TRUE(known.read(new_key()));
    const PublicKey again = known.read(first).value();  // read anew
    EXPECT_EQ(again.to_der(), first);
    EXPECT_EQ(known.read(first).value().get(), again.get());
}

TEST(KnownKeys, WhatIsNoKeyStaysAnError) {
    KnownKeys known;
    EXPECT_FALSE(known.read(Bytes{1, 2, 3}));
    EXPECT_FALSE(known.read(Bytes{1, 2, 3}));
    Bytes longer = new_key();
    longer.push_back(0);
    EXPECT_FALSE(known.read(longer));
}

}  // namespace
}  // namespace glovebox::kms
