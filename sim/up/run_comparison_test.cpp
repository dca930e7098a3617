// SPDX-License-Identifier: Apache-2.0

#include "sim/up/run_comparison.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "sim/up/event_kinds.h"
#include "sim/up/record_reader.h"
#include "sim/up/run_record.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TimelineEntry line(const std::string& component, const std::string& part, const std::string& event,
                   json::object fields = {}) {
    return {"2026-01-02T03:04:05.678Z", component, part, LogLevel::info, event, "a sentence",
            std::move(fields)};
}

class RunRecordTest : public ::testing::Test {
  protected:
    RunRecordTest() {
        EnclavePart part;
        part.name = part.label = "server";
        part.cid = 16;
        world_.enclaves.push_back(part);
        world_.kms.emplace();
    }

    // The record of a run with these lines, as a reader has it.
    json::object record(const std::vector<TimelineEntry>& lines, int status = 0,
                        std::vector<std::string_view> not_observed = {}) {
        RunRecord record(world_, "sim", std::move(not_observed));
        WorldReport report(world_);
        for (const TimelineEntry& entry : lines) {
            record.take(entry);
            report.take(entry);
        }
        WorldOutcome outcome;
        outcome.file = "world.yaml";
        outcome.status = status;
        outcome.is_good = status == 0;
        return parse_run_record(json::serialize(record.document(outcome, report, "1.0"))).value();
    }

    WorldFile world_;
};

std::vector<TimelineEntry> a_run() {
    return {
        line("run", "server", "measured", {{"pcr0", "00"}}),
        line("run", "server", "nsm_request",
             {{"request", "Attestation"}, {"nonce", "abcd"}, {"bytes_received", 4800}}),
        line("proxy", "out", "open", {{"peer", "16:7"}, {"target", "a.example:443"}}),
        line("proxy", "out", "open", {{"peer", "16:8"}, {"target", "a.example:443"}}),
        line("proxy", "out", "closed", {{"peer", "16:7"}, {"bytes_sent", 5}, {"end", "finished"}}),
        line("kms", "kms", "request",
             {{"request", "Decrypt"},
              {"principal", "arn:aws:sts::1:assumed-role/parent/i-1"},
              {"key", "k1"},
              {"status", 200}}),
    };
}

std::vector<std::string> subjects_of(const std::vector<RunDifference>& differences) {
    std::vector<std::string> subjects;
    for (const RunDifference& difference : differences)
        subjects.push_back(difference.subject);
    return subjects;
}

std::vector<std::string> differences(const json::object& first, const json::object& second) {
    return subjects_of(compare_runs(first, second).differences);
}

TEST_F(RunRecordTest, HasConnectionsFromTheirBeginToTheirEnd) {
    const json::object found = record(a_run());
    const json::array& connections = found.at("connections").as_array();
    ASSERT_EQ(connections.size(), 2U);
    EXPECT_EQ(connections[0].at("outcome"), "closed");
    EXPECT_EQ(connections[0].at("from"), "16");
    EXPECT_EQ(connections[0].at("to"), "a.example:443");
    EXPECT_EQ(connections[0].at("bytes_sent"), 5);
    EXPECT_EQ(connections[1].at("outcome"), "open");
    EXPECT_EQ(found.at("enclaves").at(0).at("pcrs").at("PCR0"), "00");
    EXPECT_EQ(found.at("module").at(0).at("nonce"), "abcd");
    EXPECT_EQ(found.at("module").at(0).at("bytes_received"), 4800);
    EXPECT_EQ(found.at("parts").as_array().size(), 2U);
    EXPECT_EQ(found.at("glovebox"), "1.0");
}

TEST_F(RunRecordTest, CountsWhatIsBeyondItsLimit) {
    std::vector<TimelineEntry> lines(
        RunRecord::entries_max + 3,
        line("run", "server", "nsm_request", {{"request", "GetRandom"}}));
    const json::object found = record(lines);
    EXPECT_EQ(found.at("module").as_array().size(), RunRecord::entries_max);
    EXPECT_EQ(found.at("further").at("module"), 3);
}

TEST_F(RunRecordTest, TimesPortsSessionsAndKeysOfARunAreNoDifference) {
    std::vector<TimelineEntry> again = a_run();
    for (TimelineEntry& entry : again)
        entry.time = "2027-01-01T00:00:00.000Z";
    again[4].fields["bytes_sent"] = 6;
    again[2].fields["peer"] = again[4].fields["peer"] = "16:9";
    again.back().fields["principal"] = "arn:aws:sts::1:assumed-role/parent/i-2";
    again.back().fields["key"] = "k2";
    again.push_back(again.back());
    EXPECT_THAT(differences(record(a_run()), record(again)), IsEmpty());
}

TEST_F(RunRecordTest, ADifferenceHasWhatEachRunAloneDid) {
    std::vector<TimelineEntry> other = a_run();
    other[0].fields["pcr0"] = "01";
    other.push_back(line("proxy", "out", "failed",
                         {{"peer", "16:7"}, {"target", "a.example:443"}, {"error", "no answer"}}));
    other.back().message = "16:7 -> a.example:443 failed";
    other.push_back(line("kms", "kms", "refused",
                         {{"request", "Decrypt"},
                          {"principal", "arn:aws:sts::1:assumed-role/parent/i-1"},
                          {"key", "k1"},
                          {"status", 400},
                          {"error", "AccessDeniedException"}}));
    const auto differences = compare_runs(record(a_run()), record(other, 3)).differences;
    EXPECT_THAT(subjects_of(differences),
                ElementsAre("KMS Decrypt by arn:aws:sts::1:assumed-role/parent on k1",
                            "connection from 16 to a.example:443 (out)", "enclave server: PCR0",
                            "the command: status", "the run"));
    EXPECT_THAT(differences[0].first, IsEmpty());
    EXPECT_THAT(differences[0].second, ElementsAre("AccessDeniedException"));
    EXPECT_THAT(differences[1].second, ElementsAre("failed: no answer"));
    EXPECT_THAT(differences[2].first, ElementsAre("00"));
    EXPECT_THAT(differences[2].second, ElementsAre("01"));
}

TEST_F(RunRecordTest, AFaultThatStruckInOneRunAloneIsADifference) {
    std::vector<TimelineEntry> first = a_run();
    first.push_back(line("fault", "faults", "fault_set", {{"fault", 1}, {"kind", "cut"}}));
    first.push_back(line("fault", "faults", "fault_set", {{"fault", 2}, {"kind", "kms 500"}}));
    std::vector<TimelineEntry> second = first;
    first.push_back(
        line("fault", "faults", "fault_struck",
             {{"fault", 1}, {"kind", "cut"}, {"peer", "3:1027"}, {"target", "16:5005"}}));
    first.push_back(line("fault", "faults", "fault_struck",
                         {{"fault", 2}, {"kind", "kms 500"}, {"request", "Decrypt"}}));
    EXPECT_THAT(differences(record(first), record(second)),
                ElementsAre("fault cut of 3 -> 16:5005", "fault kms 500 of Decrypt"));
    EXPECT_THAT(differences(record(first), record(first)), IsEmpty());
    EXPECT_THAT(differences(record(second), record(a_run())),
                ElementsAre("fault cut", "fault kms 500"));
}

TEST_F(RunRecordTest, WhatOneRunCannotObserveIsNoDifference) {
    const std::vector<std::string_view> limits{program_connections};
    std::vector<TimelineEntry> refused = a_run();
    refused.push_back(line("run", "server", "refused", {{"target", "17:1"}}));
    for (const auto& [first, second] : {std::pair(record(refused), record(a_run(), 0, limits)),
                                        std::pair(record(a_run(), 0, limits), record(refused))}) {
        const RunComparison found = compare_runs(first, second);
        EXPECT_THAT(found.differences, IsEmpty());
        EXPECT_THAT(subjects_of(found.not_observed), ElementsAre("connection to 17:1 (server)"));
    }
    EXPECT_THAT(differences(record(refused), record(a_run())),
                ElementsAre("connection to 17:1 (server)"));
    // A run that observes refusals alone.
    std::vector<TimelineEntry> opened = a_run();
    opened.push_back(line("run", "server", "open", {{"peer", "16:7"}, {"target", "3:9"}}));
    const std::vector<std::string_view> refusals_alone{traced_connections};
    EXPECT_THAT(differences(record(opened), record(a_run(), 0, refusals_alone)), IsEmpty());
    EXPECT_THAT(differences(record(opened), record(a_run(), 0, limits)), IsEmpty());
    EXPECT_THAT(differences(record(refused), record(a_run(), 0, refusals_alone)),
                ElementsAre("connection to 17:1 (server)"));
    // Its proxies' connections are observed all the same.
    EXPECT_THAT(differences(record({}), record(a_run(), 0, limits)),
                Contains("connection from 16 to a.example:443 (out)"));
}

TEST_F(RunRecordTest, AnExplanationOfARefusalIsNoDifference) {
    std::vector<TimelineEntry> explained = a_run();
    explained.push_back(line("run", "server", "refused", {{"target", "17:1"}}));
    std::vector<TimelineEntry> other = explained;
    other.back().message = "another sentence";
    EXPECT_THAT(differences(record(explained), record(other)), IsEmpty());
}

TEST(RunRecordFile, WhatIsNoRecordIsRefusedWithTheReason) {
    const auto why = [](std::string_view text) { return parse_run_record(text).error().message; };
    EXPECT_THAT(why("{"), HasSubstr("line 1"));
    EXPECT_THAT(why("[]"), HasSubstr("no object: a record of `glovebox up --record`"));
    EXPECT_THAT(why("{}"), HasSubstr("no schema"));
    EXPECT_THAT(why(R"({"schema": 99, "connections": []})"), HasSubstr("a later Glovebox"));
}

}  // namespace
}  // namespace glovebox::up
