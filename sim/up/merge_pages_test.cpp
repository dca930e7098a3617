// SPDX-License-Identifier: Apache-2.0

#include "sim/up/merge_pages.h"

#include <gmock/gmock.h>

#include "sim/up/testing/shards.h"

namespace glovebox::up {
namespace {

using testing::HasSubstr;
using testing::Not;

// A record that tries to be markup, or lines of its own.
MergedRun hostile() {
    ShardRecord shard = failed_shard(0, 2);
    shard.file = "<script>`|\x1b[31m.json";
    shard.failures = {"<b>\nsecond line"};
    shard.refusals = {{"<i>`|", "no\nway", 2}};
    return merge_shards({shard}, {});
}

TEST(MergePages, ShowWhatBecameOfTheShards) {
    const MergedRun run = merge_shards({passed_shard(0, 3), failed_shard(1, 3)}, {});
    EXPECT_EQ(merge_text(run),
              "0/3          passed           1.5 s  run-0.json\n"
              "1/3          failed           1.5 s  run-1.json\n"
              "2            missing                 \n"
              "1 of 3 shards missing: 2. Its job did not write a record, or the record was not "
              "among the arguments\n"
              "shard 1/3 failed: the command ended with status 3 (run-1.json)\n"
              "the run failed: 1 of 3 shards passed, 1 failed, 1 missing\n");
    EXPECT_THAT(merge_markdown(run), HasSubstr("| 1/3 | failed | 1.5 s | `run-1.json` |\n"));
    EXPECT_THAT(merge_markdown(run), HasSubstr("| 2 | missing | - | - |\n"));
    EXPECT_THAT(merge_page(run), HasSubstr("<tr><td>1/3</td><td>failed</td>"));
}

TEST(MergePages, KeepForeignTextInItsPlace) {
    const std::string text = merge_text(hostile());
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\nsecond line")));
    const std::string markdown = merge_markdown(hostile());
    EXPECT_THAT(markdown, HasSubstr("``<script>`\\|\\x1b[31m.json``"));
    EXPECT_THAT(markdown, HasSubstr("``<i>`\\|`` | `no\\x0away` | 2 |"));
    const std::string page = merge_page(hostile());
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_THAT(page, Not(HasSubstr("<b>")));
    EXPECT_THAT(page, HasSubstr("&lt;i&gt;`|"));
}

TEST(MergePages, LeaveOutShardsThatPassedWhereTheyAreMany) {
    std::vector<ShardRecord> shards;
    for (std::size_t index = 0; index < 1000; ++index)
        shards.push_back(index == 7 ? failed_shard(7, 1000) : passed_shard(index, 1000));
    const std::string text = merge_text(merge_shards(shards, {}));
    EXPECT_THAT(text, testing::StartsWith("7/1000"));
    EXPECT_THAT(text, Not(HasSubstr("run-8.json")));
    EXPECT_THAT(text, HasSubstr("the run failed: 999 of 1000 shards passed, 1 failed"));
}

}  // namespace
}  // namespace glovebox::up
