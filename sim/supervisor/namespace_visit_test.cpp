// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/namespace_visit.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "core/base/leave_child.h"

namespace glovebox::supervisor {
namespace {

// A process in user, PID and mount namespaces of its own.
class NamespaceVisitTest : public ::testing::Test {
  protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const UniqueFd from(ends[0]);
        UniqueFd to(ends[1]);
        outer_ = fork_alone();
        if (outer_ == 0) {
            if (::unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0)
                leave_child(1);
            const pid_t inner = fork_alone();
            if (inner == 0)
                for (;;)
                    ::pause();
            (void)!::write(to.get(), &inner, sizeof inner);
            for (;;)
                ::pause();
        }
        to.reset();
        if (::read(from.get(), &inner_, sizeof inner_) != sizeof inner_)
            GTEST_SKIP() << "this machine allows no user namespaces";
    }
    void TearDown() override {
        if (inner_ > 0)
            ::kill(inner_, SIGKILL);
        ::kill(outer_, SIGKILL);
        ::waitpid(outer_, nullptr, 0);
    }

    // A child of fork(3) has a second thread under the thread sanitizer, and may make no user
    // namespace.
    static pid_t fork_alone() {
        return static_cast<pid_t>(
            ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    }

    pid_t outer_ = 0;
    pid_t inner_ = 0;
};

TEST_F(NamespaceVisitTest, AnErrandIsMadeInThere) {
    const auto visit = NamespaceVisit::prepare(inner_, NamespaceVisit::Processes::threads);
    ASSERT_TRUE(visit);
    EXPECT_EQ(visit->run([](const void*) { return static_cast<int>(::getpid()); }, nullptr), 2)
        << "its number in the PID namespace";
    const int given = 7;
    EXPECT_EQ(
        visit->run([](const void* context) { return *static_cast<const int*>(context); }, &given),
        7);
}

TEST_F(NamespaceVisitTest, AProcessOfTheSupervisorsTakesNoNumberInThere) {
    const auto hidden = NamespaceVisit::prepare(inner_, NamespaceVisit::Processes::supervisors);
    ASSERT_TRUE(hidden);
    EXPECT_EQ(hidden->run([](const void*) { return ::geteuid() == 65534 ? 0 : 1; }, nullptr), 0)
        << "nobody is mapped in the user namespace";
    const auto seen = NamespaceVisit::prepare(inner_, NamespaceVisit::Processes::threads);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->run([](const void*) { return static_cast<int>(::getpid()); }, nullptr), 2);
}

TEST_F(NamespaceVisitTest, IsInAProcessGroupOfItsOwn) {
    const auto visit = NamespaceVisit::prepare(inner_, NamespaceVisit::Processes::supervisors);
    ASSERT_TRUE(visit);
    EXPECT_EQ(visit->run([](const void*) { return ::getpgrp() == ::getpid() ? 0 : 1; }, nullptr),
              0);
}

// The process that makes the errand holds the write end of a pipe, which reads as ended when every
// process of the visit is gone.
TEST_F(NamespaceVisitTest, NothingStaysBehindOfOneThatIsStopped) {
    const auto visit = NamespaceVisit::prepare(inner_, NamespaceVisit::Processes::threads);
    ASSERT_TRUE(visit);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd from(ends[0]);
    UniqueFd to(ends[1]);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(visit->run(
                  [](const void*) {
                      ::kill(::getpid(), SIGSTOP);
                      return 0;
                  },
                  nullptr),
              ETIMEDOUT);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));
    to.reset();
    pollfd ended{from.get(), POLLIN, 0};
    constexpr int patience = 10'000;  // milliseconds
    EXPECT_EQ(::poll(&ended, 1, patience), 1) << "a process of the visit is still there";
}

}  // namespace
}  // namespace glovebox::supervisor
