// SPDX-License-Identifier: Apache-2.0

#include "sim/up/merged_run.h"

#include <gmock/gmock.h>

#include "sim/up/testing/shards.h"

namespace glovebox::up {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(MergedRun, PassesIfEveryShardDid) {
    const MergedRun run = merge_shards({passed_shard(1, 2), passed_shard(0, 2)}, {});
    EXPECT_EQ(run.verdict(), "passed");
    EXPECT_TRUE(run.is_complete);
    EXPECT_EQ(run.shards[0].shard.index, 0U);
    EXPECT_THAT(run.failures, IsEmpty());
    EXPECT_THAT(run.remarks, IsEmpty());
}

TEST(MergedRun, FailsWithoutAShard) {
    const MergedRun run = merge_shards({passed_shard(1, 6)}, {});
    EXPECT_EQ(run.verdict(), "failed");
    EXPECT_FALSE(run.is_complete);
    EXPECT_THAT(run.missing, ElementsAre(0, 2, 3, 4, 5));
    EXPECT_THAT(run.failures, ElementsAre(HasSubstr("5 of 6 shards missing: 0, 2-5.")));
}

TEST(MergedRun, FailsWithAShard) {
    ShardRecord failed = failed_shard(0, 2);
    const MergedRun run = merge_shards({failed, passed_shard(1, 2)}, {});
    EXPECT_EQ(run.verdict(), "failed");
    EXPECT_TRUE(run.is_complete);
    EXPECT_THAT(run.failures,
                ElementsAre("shard 0/2 failed: the command ended with status 3 (run-0.json)"));
    failed.status.clear();
    EXPECT_THAT(merge_shards({failed}, {}).failures,
                testing::Contains(HasSubstr("the command did not come to an end")));
}

TEST(MergedRun, SaysWhichShardHasTwoRecords) {
    ShardRecord again = passed_shard(1, 2);
    again.file = "again.json";
    const MergedRun run = merge_shards({passed_shard(0, 2), passed_shard(1, 2), again}, {});
    EXPECT_EQ(run.verdict(), "passed");
    EXPECT_THAT(run.remarks,
                ElementsAre("shard 1/2 has 2 records: run-1.json (passed), again.json (passed)"));
}

TEST(MergedRun, FailsWhereOneOfTwoRecordsOfAShardDoes) {
    const MergedRun run =
        merge_shards({passed_shard(0, 2), passed_shard(1, 2), failed_shard(1, 2)}, {});
    EXPECT_EQ(run.verdict(), "failed");
    EXPECT_THAT(run.remarks, ElementsAre(HasSubstr("Leave out those that do not count")));
}

TEST(MergedRun, FailsWhereRecordsOfSeveralRunsMeet) {
    const MergedRun run = merge_shards({passed_shard(0, 2), passed_shard(1, 3)}, {});
    EXPECT_EQ(run.verdict(), "failed");
    EXPECT_EQ(run.total, 0U);
    EXPECT_THAT(run.failures, ElementsAre(HasSubstr("2 (run-0.json), 3 (run-1.json)")));
}

TEST(MergedRun, FailsWhereShardsAreOfTwoRuns) {
    ShardRecord other = passed_shard(1, 2);
    other.run = "two";
    const MergedRun run = merge_shards({passed_shard(0, 2), other}, {});
    EXPECT_EQ(run.verdict(), "failed");
    EXPECT_FALSE(run.is_complete);
    EXPECT_THAT(run.failures, ElementsAre("the records are of 2 runs: one (run-0.json), two "
                                          "(run-1.json). Merge the records of one run"));
}

TEST(MergedRun, SaysThatRecordsNameNoRun) {
    ShardRecord first = passed_shard(0, 2);
    ShardRecord second = passed_shard(1, 2);
    second.run.clear();
    const MergedRun some = merge_shards({first, second}, {});
    EXPECT_EQ(some.verdict(), "passed");
    EXPECT_THAT(some.remarks,
                ElementsAre(HasSubstr("1 of 2 records do not say which run that is of (run-1")));
    first.run.clear();
    EXPECT_THAT(merge_shards({first, second}, {}).remarks,
                ElementsAre(HasSubstr("the records do not say which run they are of")));
    first.shard.total = 1;
    EXPECT_THAT(merge_shards({first}, {}).remarks, IsEmpty());
}

TEST(MergedRun, FailsWithARecordThatCannotBeRead) {
    const MergedRun run = merge_shards({passed_shard(0, 1)}, {"run-1.json: the file is empty"});
    EXPECT_EQ(run.verdict(), "failed");
    EXPECT_FALSE(run.is_complete);
    EXPECT_EQ(merge_shards({}, {}).verdict(), "failed");
    EXPECT_EQ(merge_shards({}, {"run-1.json: the file is empty"}).verdict(), "failed");
}

TEST(MergedRun, SaysWhatDiffersBetweenShards) {
    ShardRecord other = passed_shard(2, 3);
    other.version = "2.0";
    other.world = "other.yaml";
    const MergedRun run = merge_shards({passed_shard(0, 3), passed_shard(1, 3), other}, {});
    EXPECT_EQ(run.verdict(), "passed");
    EXPECT_THAT(
        run.remarks,
        ElementsAre(
            "the shards differ in their version of Glovebox: 1.0 (shard 0-1), 2.0 (shard 2)",
            "the shards differ in their world file: other.yaml (shard 2), world.yaml (shard 0-1)"));
}

TEST(MergedRun, RanInPartIfAShardDid) {
    ShardRecord part = passed_shard(0, 1);
    part.verdict = "ran in part";
    EXPECT_EQ(merge_shards({part}, {}).verdict(), "ran in part");
}

TEST(MergedRun, WritesNeighboursAsARange) {
    EXPECT_EQ(ranges({}), "");
    EXPECT_EQ(ranges({0, 1, 2, 5, 7, 8}), "0-2, 5, 7-8");
}

}  // namespace
}  // namespace glovebox::up
