// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/named_thread.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <latch>
#include <string>
#include <thread>

#include "core/base/leave_child.h"
#include "core/base/unique_fd.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

// A child that has two children of its own, in a PID namespace of their own if that is wanted and
// allowed: its first child is number 1 there, the second one number 2.
class Family {
  public:
    explicit Family(bool has_namespace) {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const UniqueFd from(ends[0]);
        UniqueFd to(ends[1]);
        child_ = ::fork();
        if (child_ == 0)
            live(to.get(), has_namespace);
        to.reset();
        is_there_ = ::read(from.get(), children_.data(), sizeof children_) == sizeof children_;
    }
    ~Family() {
        for (const pid_t process : {children_[1], children_[0], child_})
            if (process > 0)
                ::kill(process, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;

    [[nodiscard]] bool is_there() const { return is_there_; }
    [[nodiscard]] pid_t first() const { return children_[0]; }
    [[nodiscard]] pid_t second() const { return children_[1]; }

  private:
    [[noreturn]] static void live(int to, bool has_namespace) {
        if (has_namespace && ::unshare(CLONE_NEWPID) != 0 &&
            ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
            leave_child(1);
        std::array<pid_t, 2> children{};
        for (pid_t& child : children) {
            child = ::fork();
            if (child == 0)
                for (;;)
                    ::pause();
        }
        (void)!::write(to, children.data(), sizeof children);
        for (;;)
            ::pause();
    }

    pid_t child_ = 0;
    std::array<pid_t, 2> children_{};
    bool is_there_ = false;
};

// In its own PID namespace: the last of NSpid (proc(5)). It is 2, unless a sanitizer's thread is.
pid_t number_inside(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("NSpid:"))
            return std::stoi(line.substr(line.rfind('\t') + 1));
    return 0;
}

TEST(NamedThread, NumbersOfTheSupervisorsOwnPidNamespace) {
    const Family family(false);
    ASSERT_TRUE(family.is_there());
    EXPECT_EQ(process_named(family.first(), 0), family.first());
    EXPECT_EQ(process_named(family.first(), family.first()), family.first());
    EXPECT_EQ(process_named(family.first(), family.second()), family.second());
    EXPECT_EQ(thread_named(family.first(), family.second()), family.second());
    EXPECT_EQ(process_named(family.first(), ::getppid()), std::nullopt) << "not started here";
    EXPECT_EQ(process_named(family.first(), -1), std::nullopt);
}

TEST(NamedThread, NumbersOfAnotherPidNamespace) {
    const Family family(true);
    if (!family.is_there())
        GTEST_SKIP() << "this machine allows no PID namespaces";
    EXPECT_EQ(process_named(family.first(), 1), family.first());
    EXPECT_EQ(process_named(family.first(), number_inside(family.second())), family.second());
    EXPECT_EQ(thread_named(family.second(), 1), family.first());
    EXPECT_EQ(process_named(family.first(), 1000), std::nullopt);
    EXPECT_EQ(process_named(family.first(), family.second()), std::nullopt) << "its number outside";
}

TEST(NamedThread, ThreadsOfTheCallersProcess) {
    std::latch known(1);
    std::latch done(1);
    pid_t other = 0;
    std::thread thread([&] {
        other = ::gettid();
        known.count_down();
        done.wait();
    });
    known.wait();
    EXPECT_EQ(thread_named(::gettid(), other), other);
    EXPECT_EQ(thread_named(other, ::getpid()), ::getpid());
    EXPECT_EQ(thread_named(other, 0), other);
    EXPECT_EQ(process_named(::gettid(), other), std::nullopt) << "a thread is no process";
    done.count_down();
    thread.join();
}

}  // namespace
}  // namespace glovebox::supervisor
