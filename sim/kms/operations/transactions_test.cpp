// SPDX-License-Identifier: Apache-2.0

// What an operation reads and then changes is one transaction: requests at the same time lose
// nothing of each other, and one that fails leaves nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/testing/temporary_directory.h"
#include "sim/kms/key_lifecycle.h"
#include "sim/kms/testing/in_memory_kms.h"

namespace glovebox::kms::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int threads = 8;
constexpr int rounds = 12;

// Calls it in as many threads with the thread's number and the round's; a round begins for all of
// them at once.
void at_once(const std::function<void(int, int)>& work) {
    std::barrier start(threads);
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread)
        running.emplace_back([&start, &work, thread] {
            for (int round = 0; round < rounds; ++round) {
                start.arrive_and_wait();
                work(thread, round);
            }
        });
}

class Transactions : public ::testing::Test {
  protected:
    // A KMS of its own process, as it were: another connection to the same file.
    [[nodiscard]] InMemoryKms another() const {
        return InMemoryKms(iam::parse_principal(InMemoryKms::tester).value(), {}, file_);
    }

    TemporaryDirectory folder_;
    const std::string file_ = folder_ / "keys.db";
    InMemoryKms kms_ = another();
    const std::string key_ = kms_.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
};

TEST_F(Transactions, TagsThatAreSetAtOnceAreAllThere) {
    InMemoryKms other = another();
    at_once([&](int thread, int round) {
        if (thread >= 4)
            return;  // 50 tags are the limit
        const json::object tag{{"TagKey", fmt::format("{}-{}", thread, round)}, {"TagValue", ""}};
        InMemoryKms& kms = thread % 2 == 0 ? kms_ : other;
        EXPECT_EQ(kms.ask("TagResource", {{"KeyId", key_}, {"Tags", json::array{tag}}}).exception,
                  "");
    });
    EXPECT_THAT(kms_.keys->find(key_).value()->tags, SizeIs(4 * rounds));
}

TEST_F(Transactions, OneDueDateRotatesOnce) {
    kms_.ask("EnableKeyRotation", {{"KeyId", key_}, {"RotationPeriodInDays", 90}});
    InMemoryKms other = another();
    const TimePoint first = kms_.clock.now() + std::chrono::days(90);
    at_once([&](int thread, int round) {
        SystemRandom random;
        EXPECT_TRUE(current_key(thread % 2 == 0 ? *kms_.keys : *other.keys, key_,
                                first + round * std::chrono::days(90), random));
    });
    EXPECT_THAT(kms_.keys->materials_of(key_).value(), SizeIs(1 + rounds));
}

TEST_F(Transactions, AKeyHasNoMoreAliasesThanTheLimit) {
    InMemoryKms other = another();
    at_once([&](int thread, int round) {
        InMemoryKms& kms = thread % 2 == 0 ? kms_ : other;
        kms.ask("CreateAlias",
                {{"AliasName", fmt::format("alias/a{}-{}", thread, round)}, {"TargetKeyId", key_}});
    });
    EXPECT_THAT(kms_.keys->list_aliases(key_, "", 1000).value(), SizeIs(50));
    // Nor does it get one of another key.
    const std::string from = kms_.create_key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    kms_.ask("CreateAlias", {{"AliasName", "alias/moved"}, {"TargetKeyId", from}});
    EXPECT_EQ(
        kms_.ask("UpdateAlias", {{"AliasName", "alias/moved"}, {"TargetKeyId", key_}}).exception,
        "LimitExceededException");
    const std::string own = kms_.keys->list_aliases(key_, "", 1).value().front().name;
    EXPECT_EQ(kms_.ask("UpdateAlias", {{"AliasName", own}, {"TargetKeyId", key_}}).exception, "");
}

TEST_F(Transactions, ARequestThatIsMadeTwiceAtOnceMakesOneGrant) {
    InMemoryKms other = another();
    at_once([&](int thread, int round) {
        InMemoryKms& kms = thread % 2 == 0 ? kms_ : other;
        EXPECT_EQ(kms.ask("CreateGrant", {{"KeyId", key_},
                                          {"Name", fmt::format("grant-{}", round)},
                                          {"GranteePrincipal", InMemoryKms::tester},
                                          {"Operations", json::array{"Decrypt"}}})
                      .exception,
                  "");
    });
    EXPECT_THAT(kms_.keys->grants().of_key(key_, InMemoryKms::tester, "", 1000).value(),
                SizeIs(rounds));
}

class Replication : public Transactions {
  protected:
    [[nodiscard]] std::vector<KeyMaterial> materials_in(const std::string& region,
                                                        const std::string& id) const {
        return KeyStore::open(file_, region).value()->materials_of(id).value();
    }

    const std::string primary_ = std::string(kms_.ask("CreateKey", {{"MultiRegion", true}})
                                                 .output.at("KeyMetadata")
                                                 .at("KeyId")
                                                 .as_string());
};

TEST_F(Replication, AReplicaHasTheDatesOfAllRotationsAndTheirOrder) {
    kms_.ask("RotateKeyOnDemand", {{"KeyId", primary_}});
    kms_.clock.advance(24h);
    kms_.ask("RotateKeyOnDemand", {{"KeyId", primary_}});
    ASSERT_EQ(
        kms_.ask("ReplicateKey", {{"KeyId", primary_}, {"ReplicaRegion", "eu-west-1"}}).exception,
        "");
    const auto here = materials_in("us-east-1", primary_);
    const auto there = materials_in("eu-west-1", primary_);
    ASSERT_EQ(there.size(), 3u);
    for (std::size_t i = 0; i < here.size(); ++i) {
        EXPECT_EQ(there[i].id, here[i].id) << i;
        EXPECT_EQ(there[i].bytes, here[i].bytes) << i;
        EXPECT_EQ(there[i].rotated, here[i].rotated) << i;
        EXPECT_EQ(there[i].rotated_on_demand, here[i].rotated_on_demand) << i;
    }
}

TEST_F(Replication, AReplicaIsCompleteOrNotThere) {
    const Bytes first = kms_.keys->materials_of(primary_).value().front().id;
    kms_.ask("RotateKeyOnDemand", {{"KeyId", primary_}});
    // Somebody else has the former material there.
    Key other = **kms_.keys->find(key_);
    other.material_id = first;
    ASSERT_TRUE(kms_.keys->add_in("eu-west-1", other).value());
    EXPECT_EQ(
        kms_.ask("ReplicateKey", {{"KeyId", primary_}, {"ReplicaRegion", "eu-west-1"}}).exception,
        "KMSInternalException");
    EXPECT_THAT(kms_.keys->regions_of(primary_).value(), SizeIs(1));
    EXPECT_THAT(materials_in("eu-west-1", primary_), IsEmpty());
}

TEST_F(Transactions, WhatIsNotCommittedIsUndone) {
    {
        auto outer = kms_.keys->begin();
        ASSERT_TRUE(outer);
        ASSERT_TRUE(kms_.keys->set_description(key_, "outer"));
        {
            auto inner = kms_.keys->begin();
            ASSERT_TRUE(inner);
            ASSERT_TRUE(kms_.keys->set_description(key_, "inner"));
        }
        EXPECT_EQ(kms_.keys->find(key_).value()->description, "outer");
        auto inner = kms_.keys->begin();
        ASSERT_TRUE(inner);
        ASSERT_TRUE(kms_.keys->set_policy(key_, "{}"));
        ASSERT_TRUE(inner->commit());
    }
    EXPECT_EQ(kms_.keys->find(key_).value()->description, "");
    EXPECT_NE(kms_.keys->find(key_).value()->policy, "{}");
    auto last = kms_.keys->begin();
    ASSERT_TRUE(last);
    ASSERT_TRUE(kms_.keys->set_description(key_, "kept"));
    ASSERT_TRUE(last->commit());
    EXPECT_EQ(kms_.keys->find(key_).value()->description, "kept");
}

}  // namespace
}  // namespace glovebox::kms::testing
