// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/cipher.h"

#include <gtest/gtest.h>

namespace glovebox::kms {
namespace {

// The bytes are those of Python's cryptography (aes_key_wrap_with_padding).
TEST(UnwrapKey, GivesWhatWasWrappedAndNothingElse) {
    const Bytes key(aes256_key_bytes, 0x5a);
    const Bytes wrapped = from_hex("bc58eaf74bcd6cdd705f6f93aa7022db").value();
    EXPECT_EQ(as_text(unwrap_key(key, wrapped).value()), "secret");
    EXPECT_FALSE(unwrap_key(key, {}));
    for (std::size_t i = 0; i < wrapped.size(); ++i) {
        Bytes changed = wrapped;
        changed[i] ^= 1;
        EXPECT_FALSE(unwrap_key(key, changed)) << i;
        EXPECT_FALSE(unwrap_key(key, BytesView(wrapped).first(i))) << i;
    }
    EXPECT_FALSE(unwrap_key(Bytes(aes256_key_bytes, 0x5b), wrapped));
}

}  // namespace
}  // namespace glovebox::kms
