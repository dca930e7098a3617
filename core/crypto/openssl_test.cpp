// SPDX-License-Identifier: Apache-2.0

#include "core/crypto/openssl.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <new>

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

}  // namespace
}  // namespace glovebox
