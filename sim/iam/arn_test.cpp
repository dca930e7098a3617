// SPDX-License-Identifier: Apache-2.0

#include "sim/iam/arn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::iam {
namespace {

using testing::HasSubstr;

TEST(Arn, SixPartsOfWhichTheLastMayHoldColons) {
    const Arn arn = parse_arn("arn:aws:kms:us-east-1:111122223333:key/a:b").value();
    EXPECT_EQ(arn, (Arn{"aws", "kms", "us-east-1", "111122223333", "key/a:b"}));
    EXPECT_EQ(to_string(arn), "arn:aws:kms:us-east-1:111122223333:key/a:b");
}

TEST(Arn, FewerPartsOrAnotherBeginningAreRefused) {
    for (const auto* bad : {"", "arn", "arn:aws:kms:us-east-1:111122223333", "ARN:aws:iam::1:root",
                            "arn::iam::1:root", "arn:aws::::x", "arn:aws:iam::1:"})
        EXPECT_FALSE(parse_arn(bad)) << bad;
}

TEST(Principal, AUserAndARootCallAsTheyAre) {
    const auto user = parse_principal("arn:aws:iam::111122223333:user/ops/alice").value();
    EXPECT_EQ(user.kind, Principal::Kind::user);
    EXPECT_EQ(user.account, "111122223333");
    EXPECT_EQ(user.entity_arn, user.arn);
    EXPECT_EQ(parse_principal("arn:aws:iam::111122223333:root").value().kind,
              Principal::Kind::root);
}

TEST(Principal, ARoleCallsAsASessionThatLosesItsPath) {
    EXPECT_THAT(parse_principal("arn:aws:iam::111122223333:role/x").error().message,
                HasSubstr("a role calls as a session"));
    const auto session = session_of("arn:aws:iam::111122223333:role/ops/parent", "i-1").value();
    EXPECT_EQ(session.arn, "arn:aws:sts::111122223333:assumed-role/parent/i-1");
    EXPECT_EQ(session.entity_arn, "arn:aws:iam::111122223333:role/ops/parent");
    EXPECT_FALSE(session_of("arn:aws:iam::111122223333:user/x", "s"));
    EXPECT_FALSE(session_of("arn:aws:iam::111122223333:role/", "s"));
    EXPECT_FALSE(session_of("arn:aws:iam::1111:role/x", "s"));
}

TEST(Principal, HasAUniqueIdOfIamsForm) {
    const auto alice = parse_principal("arn:aws:iam::111122223333:user/alice").value();
    const auto bob = parse_principal("arn:aws:iam::111122223333:user/bob").value();
    EXPECT_THAT(unique_id(alice), testing::MatchesRegex("AIDA[A-Z2-7]+"));
    EXPECT_EQ(unique_id(alice).size(), 21u);
    EXPECT_NE(unique_id(alice), unique_id(bob));
    const auto session = session_of("arn:aws:iam::111122223333:role/parent", "i-1").value();
    EXPECT_THAT(unique_id(session), testing::MatchesRegex("AROA[A-Z2-7]+:i-1"));
    EXPECT_EQ(unique_id(parse_principal("arn:aws:iam::111122223333:root").value()), "111122223333");
}

TEST(Arn, PartitionAndDomainFollowTheRegion) {
    EXPECT_EQ(partition_of("eu-central-1"), "aws");
    EXPECT_EQ(partition_of("cn-north-1"), "aws-cn");
    EXPECT_EQ(partition_of("us-gov-west-1"), "aws-us-gov");
    EXPECT_EQ(domain_of("cn-north-1"), "amazonaws.com.cn");
    EXPECT_EQ(domain_of("us-gov-west-1"), "amazonaws.com");
}

}  // namespace
}  // namespace glovebox::iam
