// SPDX-License-Identifier: Apache-2.0

#include "sim/up/shard.h"

#include <gmock/gmock.h>

#include <map>

namespace glovebox::up {
namespace {

using testing::HasSubstr;

Lookup among(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

std::string found_in(std::map<std::string, std::string> variables) {
    const auto shard = shard_of_environment(among(std::move(variables)));
    return shard ? to_text(*shard) : shard.error().message;
}

TEST(Shard, IsCountedFromZero) {
    EXPECT_EQ(parse_shard("0/3").value(), (Shard{0, 3}));
    EXPECT_EQ(parse_shard("2/3").value(), (Shard{2, 3}));
    EXPECT_EQ(to_text(Shard{2, 3}), "2/3");
    EXPECT_EQ(parse_shard("3/3").error().message,
              "shard 3/3 does not exist: shards are counted from 0, so the last one of 3 is 2/3");
}

TEST(Shard, RefusesWhatIsNoShard) {
    for (const char* text : {"", "1", "/", "1/", "/3", "-1/3", "+1/3", "1/3/3", " 1/3", "1/3 ",
                             "a/b", "0x1/3", "1/99999999999999999999"})
        EXPECT_THAT(parse_shard(text).error().message, HasSubstr("is not a shard")) << text;
    EXPECT_THAT(parse_shard("0/0").error().message, HasSubstr("from 1 to 100000"));
    EXPECT_THAT(parse_shard("0/100001").error().message, HasSubstr("from 1 to 100000"));
    EXPECT_TRUE(parse_shard("0/100000"));
}

TEST(Shard, OfKubernetesHasItsTotalFromTheManifest) {
    EXPECT_EQ(found_in({{"JOB_COMPLETION_INDEX", "1"}, {"GLOVEBOX_SHARD_TOTAL", "4"}}), "1/4");
    EXPECT_THAT(found_in({{"JOB_COMPLETION_INDEX", "1"}}),
                HasSubstr("GLOVEBOX_SHARD_TOTAL is not set: set GLOVEBOX_SHARD_TOTAL to the Job's "
                          "`completions`"));
    EXPECT_THAT(found_in({{"JOB_COMPLETION_INDEX", "4"}, {"GLOVEBOX_SHARD_TOTAL", "4"}}),
                HasSubstr("JOB_COMPLETION_INDEX=4 and GLOVEBOX_SHARD_TOTAL=4: shard 4/4 does not"));
}

TEST(Shard, OfGitLabIsCountedFromOne) {
    EXPECT_EQ(found_in({{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "3"}}), "0/3");
    EXPECT_EQ(found_in({{"CI_NODE_INDEX", "3"}, {"CI_NODE_TOTAL", "3"}}), "2/3");
    EXPECT_THAT(found_in({{"CI_NODE_INDEX", "0"}, {"CI_NODE_TOTAL", "3"}}),
                HasSubstr("CI_NODE_INDEX is 0, and is counted from 1"));
    EXPECT_EQ(found_in({{"CI_NODE_TOTAL", "1"}}), "0/1");
}

TEST(RunId, IsTheUsersOrTheCis) {
    EXPECT_EQ(run_id_of_environment(among({})), "");
    EXPECT_EQ(run_id_of_environment(among({{"GITHUB_RUN_ID", ""}, {"CI_PIPELINE_ID", "7"}})), "7");
    EXPECT_EQ(run_id_of_environment(among({{"GITHUB_RUN_ID", "8"}, {"GLOVEBOX_RUN_ID", "9"}})),
              "9");
}

TEST(Shard, OfItsOwnVariablesComesFirst) {
    EXPECT_EQ(found_in({{"GLOVEBOX_SHARD_INDEX", "2"},
                        {"GLOVEBOX_SHARD_TOTAL", "5"},
                        {"JOB_COMPLETION_INDEX", "0"},
                        {"CI_NODE_INDEX", "1"},
                        {"CI_NODE_TOTAL", "1"}}),
              "2/5");
    EXPECT_THAT(found_in({{"GLOVEBOX_SHARD_INDEX", "two"}, {"GLOVEBOX_SHARD_TOTAL", "5"}}),
                HasSubstr("GLOVEBOX_SHARD_INDEX is \"two\", which is not a number"));
    EXPECT_THAT(found_in({{"GLOVEBOX_SHARD_INDEX", ""}}), HasSubstr("names no shard"));
    EXPECT_THAT(found_in({{"CI_NODE_TOTAL", "3"}}), HasSubstr("names no shard"));
}

}  // namespace
}  // namespace glovebox::up
