// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/pause.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "sim/enclave/children.h"
#include "sim/enclave/other_program_fixture.h"

namespace glovebox::enclave {
namespace {

// The state of a child that was stopped or continued: waits for that.
int state_of(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, WUNTRACED | WCONTINUED);
    return status;
}

// This process stands for `glovebox run`.
class PauseTest : public ::testing::Test {
  protected:
    PauseTest() { record_.process = ::getpid(); }

    const OtherProgram program_;
    const pid_t child_ = program_.process();
    EnclaveRecord record_;
};

TEST_F(PauseTest, StopsTheProcessesUntilItsEnd) {
    std::optional<Pause> pause = Pause::begin(record_).value();
    EXPECT_TRUE(WIFSTOPPED(state_of(child_)));
    pause.reset();
    EXPECT_TRUE(WIFCONTINUED(state_of(child_)));
}

TEST_F(PauseTest, AProcessThatWasStoppedBeforeStaysStopped) {
    const OtherProgram stopped;
    const pid_t other = stopped.process();
    ::kill(other, SIGSTOP);
    EXPECT_TRUE(WIFSTOPPED(state_of(other)));
    {
        const Pause pause = Pause::begin(record_).value();
        EXPECT_TRUE(WIFSTOPPED(state_of(child_)));
    }
    EXPECT_TRUE(WIFCONTINUED(state_of(child_)));
    int status = 0;
    EXPECT_EQ(::waitpid(other, &status, WCONTINUED | WNOHANG), 0);
}

TEST_F(PauseTest, AHelperOfTheSupervisorGoesOn) {
    const pid_t helper = ::fork();
    if (helper == 0)
        for (;;)
            ::pause();
    const Pause pause = Pause::begin(record_).value();
    EXPECT_TRUE(WIFSTOPPED(state_of(child_)));
    int status = 0;
    EXPECT_EQ(::waitpid(helper, &status, WUNTRACED | WNOHANG), 0);
    ::kill(helper, SIGKILL);
    ::waitpid(helper, nullptr, 0);
}

TEST(Descendants, AreFoundAfterTheirParents) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const pid_t grandchild = ::fork();
        if (grandchild != 0)
            (void)!::write(ends[1], &grandchild, sizeof grandchild);
        for (;;)
            ::pause();
    }
    pid_t grandchild = 0;
    ASSERT_EQ(::read(ends[0], &grandchild, sizeof grandchild),
              static_cast<ssize_t>(sizeof grandchild));
    EXPECT_EQ(list_descendants(::getpid()), (std::vector<pid_t>{child, grandchild}));
    ::kill(grandchild, SIGKILL);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace glovebox::enclave
