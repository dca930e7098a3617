// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/testing/temporary_directory.h"
#include "sim/inspect/subject.h"
#include "sim/up/event_file.h"

namespace glovebox::inspect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RunningWorldTest : public testing::Test {
  protected:
    void begin(const std::string& trace = "") {
        file_.emplace(up::EventFile::open(directory_.path()).value());
        file_->begin({}, {"world.yaml", "sim", {}, trace, "1.2"});
    }
    void say(const std::string& message) { file_->take(up::entry_of_output("a", message)); }

    TemporaryDirectory directory_;
    std::optional<up::EventFile> file_;
};

TEST_F(RunningWorldTest, ItsEventsComeAsTheyAreWritten) {
    begin();
    const auto world = running_world(directory_.path()).value();
    const auto reader = world->events();
    EXPECT_THAT(reader->next(10).value(), ElementsAre(HasSubstr("world.yaml")));
    EXPECT_THAT(reader->next(10).value(), ElementsAre());
    say("one");
    say("two");
    say("three");
    EXPECT_THAT(reader->next(2).value(), ElementsAre(HasSubstr("one"), HasSubstr("two")));
    EXPECT_THAT(reader->next(2).value(), ElementsAre(HasSubstr("three")));
    EXPECT_FALSE(world->has_ended());
    file_->finish({});
    EXPECT_TRUE(world->has_ended());
    EXPECT_THAT(reader->next(2).value(), ElementsAre(HasSubstr("world_ended")));
    EXPECT_FALSE(reader->next(2));
}

TEST_F(RunningWorldTest, AWorldThatWasKilledHasEndedToo) {
    begin();
    const auto world = running_world(directory_.path()).value();
    const auto reader = world->events();
    static_cast<void>(reader->next(1));
    file_.reset();
    EXPECT_FALSE(reader->next(1));
}

TEST_F(RunningWorldTest, AWorldWithoutEventsIsAnError) {
    EXPECT_THAT(running_world(directory_.path()).error().message, HasSubstr("has no events"));
}

TEST_F(RunningWorldTest, DecisionsComeFromTheTraceThatItsFirstEventNames) {
    const std::string trace = directory_.path() + "/trace.jsonl";
    std::ofstream(trace) << R"({"requestId":"r-1","operation":"Decrypt","error":"E"})" << '\n';
    begin(trace);
    const auto world = running_world(directory_.path()).value();
    EXPECT_EQ(world->decision("r-1").value().at("request").at("operation"), "Decrypt");
    EXPECT_THAT(world->decision("r-2").error().message, HasSubstr("r-2"));
}

TEST_F(RunningWorldTest, WithoutAKmsAndFaultsThatIsSaid) {
    begin();
    const auto world = running_world(directory_.path()).value();
    EXPECT_THAT(world->decision("r-1").error().message, HasSubstr("no KMS"));
    EXPECT_THAT(world->ask({{"ask", "list"}}).error().message, HasSubstr("up --faults"));
}

}  // namespace
}  // namespace glovebox::inspect
