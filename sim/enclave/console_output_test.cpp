// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/console_output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>

#include "core/base/file_bytes.h"
#include "core/base/testing/temporary_directory.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {
namespace {

using testing::HasSubstr;

class ConsoleOutputTest : public testing::Test {
  protected:
    [[nodiscard]] std::string printed(const std::string& name) const {
        const Bytes bytes = read_file_bytes(scratch_ / name, 1 << 20).value();
        return std::string(as_text(bytes));
    }
    static void append(const UniqueFd& file, const std::string& text) {
        ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    // An enclave of this process, which is_alive() knows to run.
    void begin(core::Cid cid, std::int64_t started) {
        EnclaveRecord record;
        record.cid = cid;
        name_own_process(record);
        record.isolation = "sandbox";
        record.started = started;
        write_record(world_.get(), record).value();
    }
    void end(core::Cid cid) {
        EnclaveRecord record = find_enclave(world_.get(), cid).value();
        record.ended = record.started + 1;
        record.reason = "exited with 3";
        write_record(world_.get(), record).value();
    }
    [[nodiscard]] UniqueFd make(const std::string& name) const {
        return UniqueFd(::open((scratch_ / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }

    TemporaryDirectory scratch_;
    TemporaryDirectory folder_;
    UniqueFd world_{::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    UniqueFd out_ = make("out");
    UniqueFd log_ = make("log");
    ConsoleOutput output_{out_.get(), log_.get()};
};

TEST_F(ConsoleOutputTest, TheLastOneThatWasStartedIsMeantByDefault) {
    EXPECT_FALSE(find_enclave(world_.get(), std::nullopt));
    begin(16, 2000);
    begin(17, 1000);
    EXPECT_EQ(find_enclave(world_.get(), std::nullopt)->cid, 16U);
    EXPECT_EQ(find_enclave(world_.get(), 17)->cid, 17U);
    EXPECT_FALSE(find_enclave(world_.get(), 18));
}

TEST_F(ConsoleOutputTest, PrintsTheConsoleAndTheLogOfADetachedRun) {
    begin(16, 1000);
    append(make_console_file(world_.get(), 16).value(), "one\ntwo\n");
    append(make_log_file(world_.get(), 16).value(), "warning\n");
    output_.print(world_.get(), find_enclave(world_.get(), 16).value()).value();
    EXPECT_EQ(printed("out"), "one\ntwo\n");
    EXPECT_EQ(printed("log"), "warning\n");
}

TEST_F(ConsoleOutputTest, FollowsToTheEndAndSaysHowItEnded) {
    begin(16, 1000);
    const UniqueFd console = make_console_file(world_.get(), 16).value();
    append(console, "one\n");
    auto followed = std::async(std::launch::async, [this] {
        return output_.follow(world_.get(), find_enclave(world_.get(), 16).value());
    });
    append(console, "two\n");
    end(16);
    EXPECT_EQ(followed.get().value(), "exited with 3");
    EXPECT_EQ(printed("out"), "one\ntwo\n");
}

TEST_F(ConsoleOutputTest, WithoutAConsoleSaysSo) {
    begin(16, 1000);
    const auto printed = output_.print(world_.get(), find_enclave(world_.get(), 16).value());
    ASSERT_FALSE(printed);
    EXPECT_THAT(printed.error().message, HasSubstr("cannot open the console's file"));
}

TEST_F(ConsoleOutputTest, AClosedOutputIsAnError) {
    begin(16, 1000);
    append(make_console_file(world_.get(), 16).value(), "one\n");
    const UniqueFd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto printed = ConsoleOutput{read_only.get(), log_.get()}.print(
        world_.get(), find_enclave(world_.get(), 16).value());
    ASSERT_FALSE(printed);
    EXPECT_THAT(printed.error().message, HasSubstr("cannot write standard output"));
}

}  // namespace
}  // namespace glovebox::enclave
