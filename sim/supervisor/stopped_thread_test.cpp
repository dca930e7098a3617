// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/stopped_thread.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "core/base/fd_passing.h"
#include "sim/supervisor/launch.h"
#include "sim/supervisor/syscall_filter.h"

#if defined(__x86_64__)

namespace glovebox::supervisor {
namespace {

void do_nothing(int) {}

volatile std::sig_atomic_t handled = 0;
void count(int) {
    handled = handled + 1;
}

// What listen returns for it to send itself signals until SIGUSR2 ends it: it exits with 1 if one
// did not arrive.
constexpr int sends_signals = 5;
[[noreturn]] void send_signals() {
    static volatile std::sig_atomic_t is_over = 0;
    struct sigaction action {};
    action.sa_handler = count;
    ::sigaction(SIGUSR1, &action, nullptr);
    action.sa_handler = [](int) { is_over = 1; };
    ::sigaction(SIGUSR2, &action, nullptr);
    for (int sent = 0; is_over == 0;)
        if (::raise(SIGUSR1); handled != ++sent)
            ::_exit(1);
    ::_exit(0);
}

// A child under a filter, whose exit status is what its first notified call, listen(-1), returned.
class StoppedThreadTest : public ::testing::Test {
  protected:
    StoppedThreadTest() {
        const auto filter = *make_filter({});
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        const UniqueFd ours(ends[0]);
        const UniqueFd theirs(ends[1]);
        child_ = ::fork();
        if (child_ == 0) {
            struct sigaction action {};
            action.sa_handler = do_nothing;
            ::sigaction(SIGUSR1, &action, nullptr);
            const int listener = install_filter(filter);
            (void)send_with_fds(theirs.get(), &listener, sizeof listener, {&listener, 1});
            ::close(listener);
            const int result = ::listen(-1, 0);
            if (result == sends_signals)
                send_signals();
            ::syscall(SYS_exit_group, result >= 0 ? result : 100 + errno);
        }
        int number = 0;
        UniqueFd listener;
        EXPECT_EQ(receive_with_fds(ours.get(), &number, sizeof number, {&listener, 1}), 0);
        kernel_.emplace(std::move(listener));
    }
    ~StoppedThreadTest() override { ::kill(child_, SIGKILL); }

    SystemCall next_call() {
        for (;;)
            if (const auto call = kernel_->receive())
                return *call;
    }
    int exit_status() const {
        int status = 0;
        while (::waitpid(child_, &status, 0) == child_ && WIFSTOPPED(status)) {
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    pid_t child_ = 0;
    std::optional<SeccompNotifier> kernel_;
};

TEST_F(StoppedThreadTest, CarriesOutCallsAndMakesItsOwnAgain) {
    auto [thread, is_answered] = StoppedThread::stop(next_call(), *kernel_, nullptr);
    ASSERT_TRUE(thread);
    EXPECT_TRUE(is_answered);
    EXPECT_EQ(thread->call(SYS_getpid, {}), child_);
    EXPECT_EQ(thread->call(SYS_close, {~std::uint64_t{0}}), -EBADF);
    thread.reset();
    const SystemCall again = next_call();
    EXPECT_EQ(again.number, SYS_listen);
    EXPECT_EQ(again.int_argument(0), -1);
    ASSERT_EQ(kernel_->send(again.id, SyscallReply::value(7)), 0);
    EXPECT_EQ(exit_status(), 7);
}

TEST_F(StoppedThreadTest, ReturnsWhatItIsToldTo) {
    auto [thread, is_answered] = StoppedThread::stop(next_call(), *kernel_, nullptr);
    ASSERT_TRUE(thread);
    thread->finish(-EXDEV);
    thread.reset();
    EXPECT_EQ(exit_status(), 100 + EXDEV);
}

TEST_F(StoppedThreadTest, AStopSignalThatComesMeanwhileTakesEffectAfterwards) {
    auto [thread, is_answered] = StoppedThread::stop(next_call(), *kernel_, nullptr);
    ASSERT_TRUE(thread);
    ::kill(child_, SIGSTOP);
    ::kill(child_, SIGUSR1);
    EXPECT_EQ(thread->call(SYS_getpid, {}), child_);
    EXPECT_EQ(thread->call(SYS_getppid, {}), ::getpid());
    thread->finish(3);
    thread.reset();
    int status = 0;
    ASSERT_EQ(::waitpid(child_, &status, WUNTRACED), child_);
    ASSERT_TRUE(WIFSTOPPED(status)) << status;
    ::kill(child_, SIGCONT);
    EXPECT_EQ(exit_status(), 3);
}

TEST_F(StoppedThreadTest, OneThatIsInNoCallAnyMoreLosesNoSignal) {
    const SystemCall call = next_call();
    ASSERT_EQ(kernel_->send(call.id, SyscallReply::value(sends_signals)), 0);
    for (int i = 0; i < 1000; ++i)
        EXPECT_FALSE(StoppedThread::stop(call, *kernel_, nullptr).thread);
    ::kill(child_, SIGUSR2);
    EXPECT_EQ(exit_status(), 0);
}

TEST_F(StoppedThreadTest, OneThatIsKilledMakesNoCalls) {
    auto [thread, is_answered] = StoppedThread::stop(next_call(), *kernel_, nullptr);
    ASSERT_TRUE(thread);
    ::kill(child_, SIGKILL);
    while (thread->call(SYS_getpid, {})) {
    }
    thread.reset();
    EXPECT_EQ(exit_status(), -SIGKILL);
}

TEST_F(StoppedThreadTest, AnotherThreadThatWaitsForAnyChildTakesNoStopAway) {
    const SystemCall call = next_call();
    std::thread waiting([&] {
        int status = 0;
        while (::waitpid(child_, &status, 0) == child_ && WIFSTOPPED(status)) {
        }
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9);
    });
    {
        auto [thread, is_answered] = StoppedThread::stop(call, *kernel_, nullptr);
        ASSERT_TRUE(thread);
        for (int i = 0; i < 200; ++i)
            EXPECT_EQ(thread->call(SYS_getpid, {}), child_);
        thread->finish(9);
    }
    waiting.join();
}

}  // namespace
}  // namespace glovebox::supervisor

#endif
