// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/testing/temporary_directory.h"
#include "sim/inspect/inspector.h"
#include "sim/inspect/subject.h"
#include "sim/up/event_file.h"

namespace glovebox::inspect {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RunningWorldTest : public testing::Test {
  protected:
    void begin(const std::string& trace = "", const up::WorldFile& world = {}) {
        file_.emplace(up::EventFile::open(directory_.path()).value());
        file_->begin(world, {"world.yaml", "sim", {}, trace, "1.2"});
    }
    [[nodiscard]] std::string path() const { return directory_.path() + "/" + up::event_file_name; }
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

TEST_F(RunningWorldTest, LinesThatAreNoEventsAreSkipped) {
    begin();
    file_.reset();
    std::ofstream(path(), std::ios::app) << "{\"time\":\"2026-\n[1]\n7\nnull\n\n{} {}\n"
                                         << "{\"event\":\"output\"}\n{\"event\":\"half";
    const auto world = running_world(directory_.path()).value();
    const auto reader = world->events();
    EXPECT_THAT(reader->next(1).value(), ElementsAre(HasSubstr("world.yaml")));
    EXPECT_THAT(reader->next(1).value(), ElementsAre(R"({"event":"output"})"));
    EXPECT_FALSE(reader->next(1));
}

TEST_F(RunningWorldTest, ManyLinesThatAreNoEventsAreNotAnEnd) {
    begin();
    std::ofstream(path(), std::ios::app) << std::string(900'000, '\n') << "{}\n";
    const auto reader = running_world(directory_.path()).value()->events();
    EXPECT_THAT(reader->next(1).value(), ElementsAre(HasSubstr("world.yaml")));
    EXPECT_THAT(reader->next(1).value(), ElementsAre("{}"));
}

TEST_F(RunningWorldTest, EventsThatAreNotARegularFileAreRefused) {
    std::filesystem::create_symlink("/etc/passwd", path());
    EXPECT_THAT(running_world(directory_.path()).error().message,
                AllOf(HasSubstr("is a symbolic link"), Not(HasSubstr("has no events"))));
    std::filesystem::remove(path());
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    EXPECT_THAT(running_world(directory_.path()).error().message, HasSubstr("not a regular file"));
}

TEST_F(RunningWorldTest, AWorldOfAnotherUserIsRefused) {
    // The root of this machine is root's, whom this process may be.
    const std::string foreign = ::geteuid() == 0 ? directory_.path() : "/";
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(foreign.c_str(), 1, static_cast<gid_t>(-1)), 0);
    }
    EXPECT_THAT(running_world(foreign).error().message, HasSubstr("run the command as its owner"));
}

TEST_F(RunningWorldTest, ATraceThatIsNotARegularFileIsRefused) {
    begin("/dev/zero");
    const auto world = running_world(directory_.path()).value();
    EXPECT_THAT(world->decision("r-1").error().message, HasSubstr("/dev/zero is not a regular"));
}

TEST_F(RunningWorldTest, ATraceThatIsTooLargeIsRefused) {
    const std::string trace = directory_.path() + "/trace.jsonl";
    std::ofstream(trace) << "";
    std::filesystem::resize_file(trace, std::uintmax_t{1} << 32);
    begin(trace);
    const auto world = running_world(directory_.path()).value();
    EXPECT_THAT(world->decision("r-1").error().message, HasSubstr("the most that is read"));
}

TEST_F(RunningWorldTest, ItsImagesAreThoseOfItsParts) {
    up::WorldFile parts;
    for (const char* const eif : {"/a.eif", "", "/b.eif", "/a.eif"}) {
        up::EnclavePart enclave;
        enclave.eif = eif;
        parts.enclaves.push_back(enclave);
    }
    begin("", parts);
    const auto world = running_world(directory_.path()).value();
    EXPECT_THAT(world->images(), ElementsAre("/a.eif", "/b.eif"));

    // The page has them behind those of the command line.
    const SystemClock clock;
    Inspector inspector(
        *world, clock,
        {.token = "secret", .images = {"/c.eif", "/b.eif"}, .document = {}, .mock_root = [] {
             return invalid_input("no root");
         }});
    inspector.is_at("127.0.0.1:4600");
    http::Request images;
    images.method = "GET";
    images.target = "/secret/images";
    images.headers = {{"Host", "127.0.0.1:4600"}};
    EXPECT_EQ(inspector.answer(images).body, R"(["/c.eif","/b.eif","/a.eif"])");
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
