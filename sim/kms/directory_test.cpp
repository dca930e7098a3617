// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/directory.h"

#include <gtest/gtest.h>

namespace glovebox::kms {
namespace {

std::size_t policies_of(const Directory& directory, std::string_view arn) {
    return directory.policies_of(iam::parse_principal(arn).value()).size();
}

TEST(Directory, WithoutEntriesEverybodyInTheAccountIsAnAdministrator) {
    const Directory directory("111122223333");
    EXPECT_EQ(policies_of(directory, "arn:aws:iam::111122223333:user/alice"), 1U);
    EXPECT_EQ(policies_of(directory, "arn:aws:iam::222233334444:user/alice"), 0U);
}

TEST(Directory, WithEntriesOnlyTheAccountsRootUserIsOneWithoutAPolicyOfItsOwn) {
    Directory directory("111122223333");
    directory.require_entries();
    directory.add_entity("arn:aws:iam::111122223333:user/alice");
    EXPECT_EQ(policies_of(directory, "arn:aws:iam::111122223333:root"), 1U);
    EXPECT_EQ(policies_of(directory, "arn:aws:iam::111122223333:user/alice"), 0U);
    EXPECT_EQ(policies_of(directory, "arn:aws:iam::111122223333:user/bob"), 0U);
    EXPECT_EQ(policies_of(directory, "arn:aws:iam::222233334444:root"), 0U);
}

}  // namespace
}  // namespace glovebox::kms
