// SPDX-License-Identifier: Apache-2.0

#include "sim/up/merge_document.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "sim/up/testing/shards.h"

namespace glovebox::up {
namespace {

using testing::HasSubstr;

TEST(MergeDocument, HasEachShardAndTheMissingOnes) {
    ShardRecord failed = failed_shard(0, 3);
    failed.refusals = {{"KMS Decrypt by a", "AccessDeniedException", 2}};
    const auto document = merge_document(merge_shards({failed, passed_shard(2, 3)}, {}), "1.0");
    EXPECT_EQ(document.at("verdict"), "failed");
    EXPECT_EQ(document.at("total").to_number<int>(), 3);
    EXPECT_EQ(boost::json::serialize(document.at("missing")), "[1]");
    EXPECT_EQ(document.at("failures").as_array().size(), 2U);
    const auto& shard = document.at("shards").at(0);
    EXPECT_EQ(shard.at("index").to_number<int>(), 0);
    EXPECT_EQ(shard.at("record"), "run-0.json");
    EXPECT_EQ(shard.at("status"), "3");
    EXPECT_EQ(shard.at("refused").at(0).at("times").to_number<int>(), 2);
    EXPECT_EQ(shard.at("parts").at(0).at("failed"), false);
    EXPECT_EQ(document.at("shards").at(1).at("verdict"), "passed");
}

TEST(MergeJunit, EachShardIsASuiteWithNamesOfItsOwn) {
    const std::string xml = merge_junit(merge_shards({passed_shard(0, 2), passed_shard(1, 2)}, {}));
    EXPECT_THAT(xml, HasSubstr(R"(<testsuite name="glovebox merge" tests="1" failures="0" )"));
    EXPECT_THAT(xml, HasSubstr(R"(<testcase classname="glovebox.merge" name="all 2 shards"/>)"));
    EXPECT_THAT(xml, HasSubstr(R"(<testsuite name="glovebox world.yaml shard 1/2" tests="2" )"
                               R"(failures="0" errors="0" skipped="0" time="1.500">
    <testcase classname="glovebox.shard-1-of-2.enclave" name="server"/>
    <testcase classname="glovebox.shard-1-of-2.command" name="pytest tests"/>
  </testsuite>
</testsuites>
)"));
}

TEST(MergeJunit, AMissingShardAndAFailedOneAreFailures) {
    ShardRecord failed = failed_shard(0, 2);
    failed.failures = {"server <ended> with status 3"};
    failed.parts[0].has_failed = true;
    const std::string xml = merge_junit(merge_shards({failed}, {}));
    EXPECT_THAT(xml, HasSubstr("<failure message=\"1 of 2 shards missing: 1."));
    EXPECT_THAT(xml, HasSubstr("<failure message=\"server failed\">"));
    EXPECT_THAT(xml, HasSubstr("<failure message=\"server &lt;ended&gt; with status 3\">"));
    failed = failed_shard(0, 1);
    const std::string complete = merge_junit(merge_shards({failed}, {}));
    EXPECT_THAT(complete, HasSubstr("name=\"all 1 shards\"/>"));
    EXPECT_THAT(complete, HasSubstr("<failure message=\"ended with status 3\">"));
}

}  // namespace
}  // namespace glovebox::up
