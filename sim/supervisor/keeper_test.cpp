// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/keeper.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "core/base/leave_child.h"

namespace glovebox::supervisor {
namespace {

[[noreturn]] void wait_for_ever() {
    for (;;)
        ::pause();
}

// A pipe whose end for writing processes hold; the other one shows when the last of them has ended.
struct Held {
    Held() {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        reading.reset(ends[0]);
        writing.reset(ends[1]);
    }
    [[nodiscard]] bool is_let_go() const {
        constexpr int patience_ms = 20'000;
        pollfd poll_fd{reading.get(), POLLIN, 0};
        return ::poll(&poll_fd, 1, patience_ms) == 1 && (poll_fd.revents & POLLHUP) != 0;
    }
    UniqueFd reading;
    UniqueFd writing;
};

TEST(Keeper, TellsOfTheProgramsEnd) {
    for (const bool is_killed : {false, true}) {
        auto keeper = Keeper::start("test", [&] {
            if (is_killed)
                ::kill(::getpid(), SIGKILL);
            leave_child(7);
        });
        ASSERT_TRUE(keeper);
        pollfd poll_fd{keeper->fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&poll_fd, 1, -1), 1);
        EXPECT_EQ(keeper->take_wait_status(), is_killed ? SIGKILL : 7 << 8);
        EXPECT_FALSE(keeper->take_wait_status());
        keeper->wait();
    }
}

TEST(Keeper, StaysUntilTheLastOrphanHasEnded) {
    Held held;
    auto keeper = Keeper::start("test", [&] {
        if (::fork() == 0)
            wait_for_ever();
        leave_child(0);
    });
    ASSERT_TRUE(keeper);
    held.writing.reset();
    pollfd poll_fd{keeper->fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&poll_fd, 1, -1), 1);
    EXPECT_EQ(keeper->take_wait_status(), 0);
    EXPECT_EQ(::waitpid(keeper->process(), nullptr, WNOHANG), 0);
    { const Keeper gone = std::move(*keeper); }
    EXPECT_TRUE(held.is_let_go());
}

// Whoever the supervisor is, and however it ends: here a child that kills itself.
TEST(Keeper, EndsTheTreeWithTheSupervisorInOtherSessionsToo) {
    Held held;
    Held complete;
    const pid_t supervisor = ::fork();
    if (supervisor == 0) {
        const auto keeper = Keeper::start("test", [&] {
            for (int depth = 0; depth < 4; ++depth) {
                if (::fork() != 0)
                    wait_for_ever();
                ::setsid();
                if (::fork() != 0)
                    leave_child(0);  // the next one is an orphan
                ::setpgid(0, 0);
            }
            const char byte = 0;
            [[maybe_unused]] const ssize_t bytes = ::write(complete.writing.get(), &byte, 1);
            wait_for_ever();
        });
        char byte = 0;
        [[maybe_unused]] const ssize_t bytes = ::read(complete.reading.get(), &byte, 1);
        if (keeper)
            ::kill(::getpid(), SIGKILL);
        leave_child(1);
    }
    held.writing.reset();
    ::waitpid(supervisor, nullptr, 0);
    EXPECT_TRUE(held.is_let_go());
}

// SIGSTOP reaches every process of a user, and then only SIGCONT and SIGKILL have an effect.
TEST(Keeper, EndsTheTreeWithTheSupervisorAlsoIfItWasStopped) {
    Held held;
    const pid_t supervisor = ::fork();
    if (supervisor == 0) {
        const auto keeper = Keeper::start("test", [] { wait_for_ever(); });
        siginfo_t stopped{};
        if (keeper && ::kill(keeper->process(), SIGSTOP) == 0 &&
            ::waitid(P_PID, static_cast<id_t>(keeper->process()), &stopped, WSTOPPED) == 0)
            ::kill(::getpid(), SIGKILL);
        leave_child(1);
    }
    held.writing.reset();
    int status = 0;
    ::waitpid(supervisor, &status, 0);
    EXPECT_EQ(status, SIGKILL);
    EXPECT_TRUE(held.is_let_go());
}

}  // namespace
}  // namespace glovebox::supervisor
