// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/started_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace glovebox::enclave {
namespace {

using ::testing::ElementsAre;
using Words = std::vector<std::string>;

Words started(const Words& arguments) {
    const std::set<std::string> programs{"env",     "glovebox", "python3", "sh",   "tini",
                                         "timeout", "./server", "nice",    "gosu", "/usr/bin/env"};
    const auto command = started_command(
        arguments, [&](const std::string& word) { return programs.count(word) != 0; });
    return {command.begin(), command.end()};
}

TEST(StartedCommand, IsTheCommandItselfWithoutAStarter) {
    EXPECT_THAT(started({"python3", "app.py"}), ElementsAre("python3", "app.py"));
    EXPECT_THAT(started({"./server", "env", "sh"}), ElementsAre("./server", "env", "sh"));
    EXPECT_THAT(started({}), ElementsAre());
}

TEST(StartedCommand, BeginsAfterTheStartersOptions) {
    EXPECT_THAT(started({"env", "-u", "HOME", "A=1", "python3", "app.py"}),
                ElementsAre("python3", "app.py"));
    EXPECT_THAT(started({"/usr/bin/env", "-i", "./server"}), ElementsAre("./server"));
    EXPECT_THAT(started({"timeout", "-s", "KILL", "9", "sh", "app/p.sh"}),
                ElementsAre("sh", "app/p.sh"));
    EXPECT_THAT(started({"gosu", "nobody", "./server"}), ElementsAre("./server"));
    EXPECT_THAT(started({"tini", "-g", "--", "nice", "-n", "5", "env", "A=1", "./server", "env"}),
                ElementsAre("./server", "env"));
}

TEST(StartedCommand, OfGloveboxIsThatOfForwardAndProxy) {
    EXPECT_THAT(started({"glovebox", "forward", "--listen", "vsock:5005=127.0.0.1:8080", "--",
                         "python3", "app.py"}),
                ElementsAre("python3", "app.py"));
    EXPECT_THAT(started({"glovebox", "proxy", "--allow-all", "./server"}), ElementsAre("./server"));
    EXPECT_THAT(started({"glovebox", "nsm", "attest", "sh"}),
                ElementsAre("glovebox", "nsm", "attest", "sh"));
}

TEST(StartedCommand, IsTheStarterWhereItsProgramIsMissing) {
    EXPECT_THAT(started({"env", "A=1", "missing"}), ElementsAre("env", "A=1", "missing"));
    EXPECT_THAT(started({"env", "timeout", "9"}), ElementsAre("timeout", "9"));
    EXPECT_THAT(started({"glovebox", "forward", "--listen", "8443=3:8000"}),
                ElementsAre("glovebox", "forward", "--listen", "8443=3:8000"));
}

}  // namespace
}  // namespace glovebox::enclave
