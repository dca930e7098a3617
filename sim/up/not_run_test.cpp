// SPDX-License-Identifier: Apache-2.0

#include "sim/up/not_run.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "sim/up/run_comparison.h"
#include "sim/up/run_record.h"

namespace glovebox::up {
namespace {

const NotRun missing{"app", "isolation", "an enclave there is a machine of its own"};

WorldOutcome good_outcome() {
    WorldOutcome outcome;
    outcome.file = "world.yaml";
    outcome.status = 0;
    outcome.is_good = true;
    return outcome;
}

boost::json::object record_of(const WorldOutcome& outcome) {
    return RunRecord({}, "vm").document(outcome, WorldReport({}), "1.0");
}

TEST(NotRun, IsASentenceOnTheTimelineOfItsPart) {
    const TimelineEntry entry = entry_of(missing);
    EXPECT_EQ(entry.message,
              "app: isolation: not run, because an enclave there is a machine of its own");
    EXPECT_EQ(entry.part, "app");
    EXPECT_EQ(entry.event, "not_run");
    EXPECT_EQ(entry.level, LogLevel::warning);
    EXPECT_EQ(sentence_of({"", "faults", "why"}), "faults: not run, because why");
}

TEST(NotRun, KeepsARunFromHavingPassed) {
    WorldOutcome outcome = good_outcome();
    EXPECT_TRUE(outcome.has_passed());
    outcome.not_run = {missing};
    EXPECT_FALSE(outcome.has_passed());
    EXPECT_EQ(world_summary(outcome, WorldReport({}), {}),
              "## Glovebox: `world.yaml` ran in part\n\n\n### Not run\n\n"
              "* `app: isolation: not run, because an enclave there is a machine of its own`\n");
    outcome.is_good = false;
    EXPECT_TRUE(world_summary(outcome, WorldReport({}), {})
                    .starts_with("## Glovebox: `world.yaml` failed\n"));
}

TEST(NotRun, IsInTheRecordAndADifferenceFromARunThatHadIt) {
    WorldOutcome outcome = good_outcome();
    const auto whole = record_of(outcome);
    EXPECT_TRUE(whole.at("passed").as_bool());
    outcome.not_run = {missing};
    const auto in_part = record_of(outcome);
    EXPECT_FALSE(in_part.at("passed").as_bool());
    EXPECT_EQ(boost::json::serialize(in_part.at("not_run")),
              R"([{"part":"app","what":"isolation",)"
              R"("why":"an enclave there is a machine of its own"}])");
    const auto differences = compare_runs(whole, in_part).differences;
    ASSERT_EQ(differences.size(), 2U);
    EXPECT_EQ(differences[0].subject, "app: isolation");
    EXPECT_EQ(differences[0].second,
              std::vector<std::string>{"not run: an enclave there is a machine of its own"});
    EXPECT_EQ(differences[1].subject, "the run");
}

}  // namespace
}  // namespace glovebox::up
