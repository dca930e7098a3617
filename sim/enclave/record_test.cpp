// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/record.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "sim/enclave/earlier_enclave.h"

namespace glovebox::enclave {
namespace {

namespace fs = std::filesystem;

EnclaveRecord running() {
    EnclaveRecord record;
    record.cid = 16;
    name_own_process(record);
    record.isolation = "sandbox";
    record.command = {"python3", "a \"b\"\n", ""};
    record.memory_bytes = 64 << 20;
    record.cpu_count = 2;
    record.started = 1'795'441'618'280;
    return record;
}

EnclaveRecord ended() {
    EnclaveRecord record = running();
    record.ended = record.started + 5;
    record.exit_status = 3;
    record.was_stopped = true;
    record.was_asked = true;
    record.reason = "was stopped";
    record.directory = "/a/root";
    return record;
}

class RecordsTest : public testing::Test {
  protected:
    void SetUp() override {
        world_.reset(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }

    TemporaryDirectory temporary_;
    fs::path folder_ = temporary_.path();
    UniqueFd world_;
};

TEST(EnclaveRecord, ComesBackFromItsJson) {
    EnclaveRecord unpacking = running();
    unpacking.is_unpacking = true;
    for (const EnclaveRecord& record : {running(), ended(), unpacking})
        EXPECT_EQ(parse_record(to_json(record)).value(), record);
}

TEST(EnclaveRecord, WhatIsNoRecordIsAnErrorThatSaysWhatToDo) {
    for (const char* text : {"", "[]", "{}", "{\"cid\":-1}", "{\"cid\":\"16\"}", "null"}) {
        const auto parsed = parse_record(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_THAT(parsed.error().message, testing::HasSubstr("glovebox clean"));
    }
}

TEST_F(RecordsTest, AreReadInTheOrderOfTheirCidsAndOtherFilesAreLetAlone) {
    for (const core::Cid cid : {100u, 16u, 4'294'967'294u}) {
        EnclaveRecord record = running();
        record.cid = cid;
        ASSERT_TRUE(write_record(world_.get(), record));
    }
    std::ofstream(folder_ / "17.record") << "half a rec";
    std::ofstream(folder_ / "16.5005");
    std::ofstream(folder_ / "x16.record");
    const auto records = read_records(world_.get());
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0].cid, 16u);
    EXPECT_EQ(records[1].cid, 100u);
    EXPECT_EQ(records[2].cid, 4'294'967'294u);
    EXPECT_EQ(records[0], running());
}

TEST_F(RecordsTest, OfAKilledRunSayThatItHasEnded) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    EnclaveRecord record = running();
    record.process = child;
    record.process_start = process_start_time(child);
    ASSERT_TRUE(write_record(world_.get(), record));
    EXPECT_FALSE(read_records(world_.get()).at(0).ended);
    ::kill(child, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    EXPECT_TRUE(read_records(world_.get()).at(0).ended) << "dead, and not waited for";
    ::waitpid(child, nullptr, 0);
    const EnclaveRecord read = read_records(world_.get()).at(0);
    EXPECT_TRUE(read.ended);
    EXPECT_THAT(read.reason, testing::HasSubstr("was killed"));
}

TEST_F(RecordsTest, AreNotThoseOfALaterProcessWithTheSameNumber) {
    EnclaveRecord record = running();
    ++record.process_start;
    EXPECT_FALSE(is_alive(record));
    EXPECT_TRUE(is_alive(running()));
}

TEST_F(RecordsTest, AreNotThoseOfAProcessSinceTheMachineStartedAgain) {
    EnclaveRecord record = running();
    EXPECT_EQ(record.boot.size(), 36u);
    record.boot = "11111111-2222-3333-4444-555555555555";
    EXPECT_FALSE(is_alive(record));
}

TEST_F(RecordsTest, AConsolesFileIsANewOneEachTime) {
    const UniqueFd first = make_console_file(world_.get(), 16).value();
    ASSERT_EQ(::write(first.get(), "old", 3), 3);
    const UniqueFd second = make_console_file(world_.get(), 16).value();
    EXPECT_EQ(fs::file_size(folder_ / "16.console"), 0u);
    EXPECT_EQ(::lseek(first.get(), 0, SEEK_END), 3) << "who reads the old one goes on";
}

TEST_F(RecordsTest, AnEnclaveThatNeverBeginsLeavesTheFilesOfTheOneBefore) {
    const auto write = [this](const char* name, const char* text) {
        std::ofstream(folder_ / name) << text;
    };
    const auto read = [this](const char* name) {
        std::string text;
        std::getline(std::ifstream(folder_ / name), text);
        return text;
    };
    write("16.record", "before");
    write("16.console", "before");
    {
        const EarlierEnclave earlier(world_.get(), 16);
        EXPECT_FALSE(fs::exists(folder_ / "16.record"));
        write("16.record", "failed");
        write("16.log", "failed");
    }
    EXPECT_EQ(read("16.record"), "before");
    EXPECT_EQ(read("16.console"), "before");
    EXPECT_FALSE(fs::exists(folder_ / "16.log"));
    {
        EarlierEnclave earlier(world_.get(), 16);
        write("16.record", "began");
        earlier.discard();
    }
    EXPECT_EQ(read("16.record"), "began");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST(WaitStatus, IsToldInWords) {
    EXPECT_TRUE(has_ended_by(SIGTERM, SIGTERM));
    EXPECT_TRUE(has_ended_by((128 + SIGTERM) << 8, SIGTERM)) << "as runtimes that clean up first";
    EXPECT_FALSE(has_ended_by(SIGKILL, SIGTERM));
    EXPECT_FALSE(has_ended_by(1 << 8, SIGTERM));
    EXPECT_FALSE(has_ended_by(0, SIGTERM));
    EXPECT_EQ(describe_wait_status(0), "exited with 0");
    EXPECT_EQ(describe_wait_status(3 << 8), "exited with 3");
    EXPECT_EQ(describe_wait_status(SIGSEGV), "killed by signal 11 (Segmentation fault)");
    EXPECT_EQ(
        describe_wait_status(SIGPIPE),
        "killed by signal 13 (Broken pipe): it wrote to a pipe or socket that nobody reads any "
        "more");
}

}  // namespace
}  // namespace glovebox::enclave
