// SPDX-License-Identifier: Apache-2.0

#include "sim/up/shard_record.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "sim/up/record_reader.h"
#include "sim/up/run_record.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TimelineEntry refusal(const std::string& target) {
    return {"2026-01-02T03:04:05.678Z",
            "proxy",
            "out",
            LogLevel::warning,
            "refused",
            "a sentence",
            {{"peer", "16:1024"}, {"target", target}, {"error", "not on the allowlist"}}};
}

class ShardRecordTest : public ::testing::Test {
  protected:
    ShardRecordTest() {
        EnclavePart part;
        part.name = part.label = "server";
        part.cid = 16;
        world_.enclaves.push_back(part);
        outcome_.file = "world.yaml";
        outcome_.command = {"pytest", "tests"};
        outcome_.status = 0;
        outcome_.is_good = true;
        outcome_.shard = Shard{1, 3};
        outcome_.lasted = 1500ms;
    }

    // As a reader of the file has it.
    json::object record(const std::vector<TimelineEntry>& lines = {}) {
        RunRecord record(world_);
        for (const TimelineEntry& entry : lines)
            record.take(entry);
        return parse_run_record(
                   json::serialize(record.document(outcome_, WorldReport(world_), "1.0")))
            .value();
    }

    WorldFile world_;
    WorldOutcome outcome_;
};

TEST_F(ShardRecordTest, HasWhatARunWroteOfItself) {
    const ShardRecord shard = shard_record("run-1.json", record()).value();
    EXPECT_EQ(shard.shard, (Shard{1, 3}));
    EXPECT_EQ(shard.file, "run-1.json");
    EXPECT_EQ(shard.verdict, "passed");
    EXPECT_EQ(shard.status, "0");
    EXPECT_EQ(shard.lasted, 1500ms);
    EXPECT_EQ(shard.version, "1.0");
    EXPECT_EQ(shard.command, "pytest tests");
    ASSERT_EQ(shard.parts.size(), 1U);
    EXPECT_EQ(shard.parts[0].label, "server");
    EXPECT_FALSE(shard.parts[0].has_failed);
    EXPECT_THAT(shard.refusals, IsEmpty());
}

TEST_F(ShardRecordTest, TellsThePartThatFailed) {
    outcome_.is_good = false;
    outcome_.failures = {"server ended with status 3"};
    outcome_.failed_parts = {"server"};
    const ShardRecord shard = shard_record("run-1.json", record()).value();
    EXPECT_EQ(shard.verdict, "failed");
    EXPECT_THAT(shard.failures, ElementsAre("server ended with status 3"));
    EXPECT_TRUE(shard.parts[0].has_failed);
}

TEST_F(ShardRecordTest, CountsRefusalsByKind) {
    std::vector<TimelineEntry> lines{refusal("a:443"), refusal("b:443"), refusal("a:443")};
    lines.push_back({"2026-01-02T03:04:05.678Z",
                     "kms",
                     "kms",
                     LogLevel::warning,
                     "refused",
                     "a",
                     {{"request", "Decrypt"},
                      {"principal", "arn:aws:iam::111122223333:user/a"},
                      {"error", "AccessDeniedException"},
                      {"reason", "PCR0 differs"}}});
    const ShardRecord shard = shard_record("run-1.json", record(lines)).value();
    ASSERT_EQ(shard.refusals.size(), 3U);
    EXPECT_EQ(shard.refusals[0].subject, "connection from 16 to a:443 (out)");
    EXPECT_EQ(shard.refusals[0].outcome, "refused: not on the allowlist");
    EXPECT_EQ(shard.refusals[0].times, 2U);
    EXPECT_EQ(shard.refusals[1].times, 1U);
    EXPECT_EQ(shard.refusals[2].subject, "KMS Decrypt by arn:aws:iam::111122223333:user/a");
    EXPECT_EQ(shard.refusals[2].outcome, "AccessDeniedException: PCR0 differs");
}

TEST_F(ShardRecordTest, KeepsTheFirstKindsOfRefusals) {
    std::vector<TimelineEntry> lines;
    for (int port = 0; port < 60; ++port)
        lines.push_back(refusal("a:" + std::to_string(port)));
    const ShardRecord shard = shard_record("run-1.json", record(lines)).value();
    EXPECT_EQ(shard.refusals.size(), ShardRecord::refusals_max);
    EXPECT_EQ(shard.further_refusals, 10U);
}

TEST_F(ShardRecordTest, RefusesARecordWithoutAShardOrWithAWrongOne) {
    outcome_.shard.reset();
    EXPECT_THAT(shard_record("run.json", record()).error().message,
                HasSubstr("the record has no shard: `glovebox up --shard"));
    json::object wrong = record();
    for (const json::value& shard : {json::value("0/3"), json::value(json::object{{"index", 0}}),
                                     json::value(json::object{{"index", 3}, {"total", 3}}),
                                     json::value(json::object{{"index", -1}, {"total", 3}}),
                                     json::value(json::object{{"index", 0}, {"total", 1e300}})}) {
        wrong["shard"] = shard;
        EXPECT_FALSE(shard_record("run.json", wrong)) << shard;
    }
}

TEST_F(ShardRecordTest, TakesMembersOfOtherTypesAsMissing) {
    json::object foreign = record();
    for (const auto& name : {"failures", "failed_parts", "not_run", "parts", "connections", "kms",
                             "lasted_ms", "command"})
        foreign[name] = json::object{{"x", 1}};
    const ShardRecord shard = shard_record("run.json", foreign).value();
    EXPECT_THAT(shard.parts, IsEmpty());
    EXPECT_EQ(shard.lasted, 0ms);
}

}  // namespace
}  // namespace glovebox::up
