// SPDX-License-Identifier: Apache-2.0

#include "sim/up/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::up {
namespace {

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
    EXPECT_EQ(first.at("parts").at(0),
              (boost::json::object{{"part", "server"}, {"kind", "enclave"}, {"cid", 16}}));
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
        events.take({"t", "up", "", LogLevel::info, "output", "x"});
    events.finish({});
    const auto read = events.read().value();
    ASSERT_EQ(read.size(), EventFile::events_max + 1);
    EXPECT_EQ(read.back().at("further"), 3);
}

}  // namespace
}  // namespace glovebox::up
