// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/es384.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

TEST(Es384, ASignatureIsVerifiedWithItsKeyAndMessageAlone) {
    const SigningKey key = SigningKey::generate();
    const SigningKey other = SigningKey::generate();
    Es384Signature signature = key.sign(as_bytes("message"));
    EXPECT_TRUE(verify_es384(key.get(), as_bytes("message"), signature));
    EXPECT_FALSE(verify_es384(key.get(), as_bytes("massage"), signature));
    EXPECT_FALSE(verify_es384(other.get(), as_bytes("message"), signature));
    signature[95] ^= 1;
    EXPECT_FALSE(verify_es384(key.get(), as_bytes("message"), signature));
}

TEST(Es384, RAndSThatAreZeroOrTooLargeAreNoSignature) {
    const SigningKey key = SigningKey::generate();
    Es384Signature signature{};
    EXPECT_FALSE(verify_es384(key.get(), as_bytes("message"), signature));
    signature.fill(0xff);
    EXPECT_FALSE(verify_es384(key.get(), as_bytes("message"), signature));
}

TEST(Es384, AKeyIsKeptAsPem) {
    const SigningKey key = SigningKey::generate();
    const std::string pem = key.to_pem();
    EXPECT_THAT(pem, HasSubstr("BEGIN PRIVATE KEY"));
    const SigningKey again = SigningKey::from_pem(pem).value();
    EXPECT_TRUE(verify_es384(key.get(), as_bytes("m"), again.sign(as_bytes("m"))));
}

TEST(Es384, AnotherKindOfKeyIsRefused) {
    EXPECT_THAT(SigningKey::from_pem("nothing").error().message, HasSubstr("in PEM form"));
    const PkeyPtr p256(EVP_EC_gen("P-256"));
    EXPECT_FALSE(is_p384(p256.get()));
    EXPECT_FALSE(is_p384(nullptr));
    const PkeyPtr x25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    EXPECT_FALSE(is_p384(x25519.get()));
}

}  // namespace
}  // namespace glovebox::nsm
