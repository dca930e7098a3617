// SPDX-License-Identifier: Apache-2.0

#include "core/crypto/openssl.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <new>
#include <stdexcept>

namespace glovebox {
namespace {

TEST(OpensslReason, ALackOfMemoryIsNoDefectOfWhatWasRead) {
    ERR_raise(ERR_LIB_PEM, ERR_R_MALLOC_FAILURE);
    EXPECT_THROW(static_cast<void>(openssl_reason()), std::bad_alloc);
    EXPECT_EQ(ERR_peek_error(), 0u) << "the next reason is not this one's";
    ERR_raise(ERR_LIB_PEM, ERR_R_MALLOC_FAILURE);
    ERR_raise(ERR_LIB_PEM, ERR_R_PEM_LIB);
    EXPECT_THROW(static_cast<void>(openssl_reason()), std::bad_alloc);
    ERR_raise(ERR_LIB_PEM, ERR_R_PEM_LIB);
    EXPECT_FALSE(openssl_reason().empty());
}

TEST(NotRead, ARefusalWithoutAReasonMayBeALackOfMemory) {
    ERR_raise(ERR_LIB_PEM, ERR_R_PEM_LIB);
    EXPECT_EQ(not_read("no key").code, boost::system::errc::invalid_argument);
    EXPECT_EQ(not_read("no key").code, boost::system::errc::not_enough_memory);
}

TEST(IsKeyOf, OneKeyIsTheCertificatesAndAnotherIsNot) {
    const PkeyPtr key(EVP_EC_gen("P-384")), other(EVP_EC_gen("P-384"));
    const X509Ptr certificate(X509_new());
    ASSERT_EQ(X509_set_pubkey(certificate.get(), key.get()), 1);
    EXPECT_TRUE(is_key_of(key.get(), certificate.get()));
    EXPECT_FALSE(is_key_of(other.get(), certificate.get()));
    EXPECT_EQ(ERR_peek_error(), 0u) << "the next reason is not this one's";
}

// OpenSSL's comparison answers "different" when a key can't be read.
TEST(IsKeyOf, WhatCanNotBeToldIsNoDifference) {
    const PkeyPtr key(EVP_EC_gen("P-384"));
    const X509Ptr without_key(X509_new());
    EXPECT_THROW(static_cast<void>(is_key_of(key.get(), without_key.get())), std::runtime_error);
}

}  // namespace
}  // namespace glovebox
