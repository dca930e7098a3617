// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/foreground.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::enclave {
namespace {

class ForegroundTest : public testing::Test {
  protected:
    ForegroundTest() {
        record_.cid = 16;
        record_.isolation = "sandbox";
        record_.exit_status = 3;
        record_.reason = "exited with 3";
    }
    [[nodiscard]] Foreground make(bool is_live) { return {out_, error_, " --world w", is_live}; }
    // What is said of the end, with this on the console.
    std::string end(const std::string& console, bool is_live = false) {
        const UniqueFd file = make_console_file(world_.get(), 16).value();
        EXPECT_EQ(::write(file.get(), console.data(), console.size()),
                  static_cast<ssize_t>(console.size()));
        error_.str("");
        make(is_live).ended(record_, world_.get());
        return error_.str();
    }

    TemporaryDirectory folder_;
    UniqueFd world_{::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    std::ostringstream out_;
    std::ostringstream error_;
    EnclaveRecord record_;
};

TEST_F(ForegroundTest, SaysWhereTheConsoleIs) {
    make(false).started(record_);
    EXPECT_EQ(error_.str(),
              "Started the enclave with CID 16. Its console: glovebox logs -f 16 --world w\n");
    EXPECT_EQ(out_.str(), "");
}

TEST_F(ForegroundTest, SaysNothingOfAConsoleThatIsShownOrThatIsNotThere) {
    make(true).started(record_);
    record_.isolation = "none";
    make(false).started(record_);
    EXPECT_EQ(error_.str(), "");
}

TEST_F(ForegroundTest, ShowsTheLastLinesOfAProgramThatFailedUnseen) {
    std::string console;
    for (int i = 1; i <= 12; ++i)
        console += std::to_string(i) + "\n";
    EXPECT_EQ(end(console),
              "glovebox: the enclave's program exited with 3; its console ended with:\n"
              "3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
    EXPECT_EQ(end("half a line"),
              "glovebox: the enclave's program exited with 3; its console ended with:\n"
              "half a line\n");
    EXPECT_EQ(end(""), "glovebox: the enclave's program exited with 3; its console is empty\n");
    EXPECT_EQ(end(console, true), "") << "it was seen";
}

TEST_F(ForegroundTest, ProgramsThatSucceededOrWereStoppedHaveNothingToShow) {
    record_.exit_status = 0;
    EXPECT_EQ(end("one\n"), "");
    record_.exit_status = 137;
    record_.was_stopped = true;
    EXPECT_EQ(end("one\n"), "glovebox: the enclave was stopped\n");
    record_.was_stopped = false;
    record_.was_asked = true;
    EXPECT_EQ(end("one\n"), "") << "a signal that it was sent ended it";
}

}  // namespace
}  // namespace glovebox::enclave
