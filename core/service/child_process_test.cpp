// SPDX-License-Identifier: Apache-2.0

#include "core/service/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "core/service/process_setup.h"

namespace glovebox::core {
namespace {

using ::testing::ElementsAre;

struct Ended {
    std::vector<std::string> lines;
    std::vector<std::string> errors;
    std::optional<int> status;
};

// A service, to the end of its output and its own.
Ended run_service(const std::string& script) {
    Ended run;
    boost::asio::io_context context(1);
    boost::asio::signal_set signals(context, SIGCHLD);
    const auto child =
        ChildProcess::start(
            context,
            {.arguments = {"sh", "-c", script},
             .environment = {{"GREETING", "hello"}},
             .directory = "/"},
            [&](ChildProcess::Output output, const std::string& line) {
                (output == ChildProcess::Output::standard_output ? run.lines : run.errors)
                    .push_back(line);
            })
            .value();
    signals.async_wait(
        [&](const boost::system::error_code&, int) { run.status = child->status(); });
    context.run();
    EXPECT_TRUE(child->output_has_ended());
    return run;
}

TEST(ChildProcess, HasLinesAndAStatus) {
    const Ended run = run_service("echo $GREETING; pwd >&2; printf rest; exit 3");
    EXPECT_THAT(run.lines, ElementsAre("hello", "rest"));
    EXPECT_THAT(run.errors, ElementsAre("/"));
    EXPECT_EQ(run.status, 3);
    EXPECT_EQ(run_service("kill -9 $$").status, 128 + SIGKILL);
}

// A shell can't have back what was ignored when it began.
TEST(ChildProcess, HasTheSignalsThatThisProcessIgnores) {
    ignore_write_signals();
    EXPECT_EQ(run_service("kill -PIPE $$").status, 128 + SIGPIPE);
    EXPECT_EQ(run_service("kill -XFSZ $$").status, 128 + SIGXFSZ);
    std::signal(SIGXFSZ, SIG_DFL);
}

TEST(ChildProcess, SaysWhyItCouldNotBeStarted) {
    boost::asio::io_context context(1);
    const auto start = [&](const std::string& program) {
        return ChildProcess::start(context, {.arguments = {program}}, {}).error();
    };
    EXPECT_EQ(start("/nonexistent").code, boost::system::errc::no_such_file_or_directory);
    EXPECT_EQ(start("/etc/passwd").code, boost::system::errc::permission_denied);
    EXPECT_EQ(start("/nonexistent").message,
              "cannot start /nonexistent: No such file or directory");
}

}  // namespace
}  // namespace glovebox::core
