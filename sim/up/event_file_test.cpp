// SPDX-License-Identifier: Apache-2.0

#include "sim/up/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/testing/file_size_limit.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox::up {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class EventFileTest : public testing::Test {
  protected:
    [[nodiscard]] EventFile open() const { return EventFile::open(directory_.path()).value(); }

    TemporaryDirectory directory_;
};

TEST_F(EventFileTest, ItBeginsWithTheWorldAndEndsWithItsEnd) {
    WorldFile world;
    EnclavePart enclave;
    enclave.label = "server";
    enclave.cid = 16;
    enclave.eif = "/images/server.eif";
    world.enclaves.push_back(enclave);
    EventFile events = open();
    events.begin(world, {"world.yaml", "sim", {"make", "test"}, "/w/trace.jsonl", "1.2"});
    events.take(entry_of_output("server", "hello \x1b[31m"));
    WorldOutcome outcome;
    outcome.failures = {"server has failed"};
    events.finish(outcome);
    const auto read = events.read().value();
    ASSERT_EQ(read.size(), 3U);
    const auto& first = read[0].as_object();
    EXPECT_EQ(first.at("event"), "world");
    EXPECT_EQ(first.at("command"), (boost::json::array{"make", "test"}));
    EXPECT_EQ(
        first.at("parts").at(0),
        (boost::json::object{
            {"part", "server"}, {"kind", "enclave"}, {"cid", 16}, {"eif", "/images/server.eif"}}));
    EXPECT_EQ(read[1].at("message"), "hello \x1b[31m");
    EXPECT_EQ(read[2].at("event"), "world_ended");
    EXPECT_EQ(read[2].at("passed"), false);
    EXPECT_EQ(read[2].at("failures"), (boost::json::array{"server has failed"}));
    EXPECT_FALSE(events.failure());
}

TEST_F(EventFileTest, AnotherRunReplacesItButNotWhileOneLasts) {
    EventFile first = open();
    first.take(entry_of_output("a", "former"));
    const auto second = EventFile::open(directory_.path());
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("another `glovebox up` runs in the world"));
    first.finish({});
    const EventFile third = open();
    EXPECT_TRUE(third.read().value().empty());
}

TEST_F(EventFileTest, WhatIsBeyondTheLimitIsCounted) {
    EventFile events = open();
    for (std::size_t i = 0; i < EventFile::events_max + 3; ++i)
        events.take(entry_of_output("chatty", "x"));
    events.finish({});
    const auto read = events.read().value();
    ASSERT_EQ(read.size(), EventFile::events_max + 1);
    EXPECT_EQ(read.back().at("further"), 3);
    EXPECT_EQ(events.further(), 3U);
}

TEST_F(EventFileTest, OutputBeyondTheLimitHidesNoRefusalAndNothingThatUpSays) {
    EventFile events = open();
    for (std::size_t i = 0; i < EventFile::events_max; ++i)
        events.take(entry_of_output("chatty", "x"));
    const auto say = [&](const char* component, const char* event) {
        events.take({"t", component, "chatty", LogLevel::info, event, "x"});
    };
    say("run", "nsm_refused");
    say("run", "open");
    say("kms", "refused");
    say("proxy", "failed");
    say("up", "ended");
    for (std::size_t i = 0; i < EventFile::important_max; ++i)
        say("run", "refused");
    say("up", "restarting");
    events.finish({});
    const auto read = events.read().value();
    ASSERT_EQ(read.size(), EventFile::events_max + EventFile::important_max + 3);
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < 4; ++i)
        kept.push_back(
            boost::json::value_to<std::string>(read[EventFile::events_max + i].at("event")));
    EXPECT_THAT(kept, testing::ElementsAre("nsm_refused", "refused", "failed", "ended"));
    EXPECT_EQ(read[read.size() - 2].at("event"), "restarting");
    EXPECT_EQ(read.back().at("further"), 4);  // one that was opened, and three refusals too many
}

TEST_F(EventFileTest, WhatADiskWithoutRoomLostIsCounted) {
    EventFile events = open();
    events.take(entry_of_output("a", "kept"));
    {
        const FileSizeLimit limit(300);
        events.take(entry_of_output("a", std::string(300, 'x')));
        events.take(entry_of_output("a", std::string(300, 'x')));
    }
    events.finish({});
    const auto read = events.read().value();
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read.back().at("lost"), 2);
    EXPECT_EQ(events.lost(), 2U);
    EXPECT_THAT(
        events.failure().value().message,
        AllOf(HasSubstr("lacks 2 events"), HasSubstr("events.jsonl"), HasSubstr("File too large")));
}

}  // namespace
}  // namespace glovebox::up
