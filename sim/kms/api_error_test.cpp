// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/api_error.h"

#include <gtest/gtest.h>

namespace glovebox::kms {
namespace {

TEST(ApiError, SpellsItsMessageAsAws) {
    EXPECT_EQ(api_error("NotFoundException", "gone").body(),
              R"({"__type":"NotFoundException","message":"gone"})");
    EXPECT_EQ(api_error("AccessDeniedException", "no").body(),
              R"({"__type":"AccessDeniedException","Message":"no"})");
    EXPECT_EQ(without_message("InvalidCiphertextException", "a changed byte").body(),
              R"({"__type":"InvalidCiphertextException"})");
}

}  // namespace
}  // namespace glovebox::kms
