// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/pidfd_cache.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "sim/supervisor/testing/few_descriptors.h"
#include "sim/supervisor/testing/outer_filter.h"

namespace glovebox::supervisor {
namespace {

using testing::FewDescriptors;

// A child that lives until it is killed.
class Child {
  public:
    Child() : process_(::fork()) {
        if (process_ == 0)
            for (;;)
                ::pause();
    }
    ~Child() { end(); }
    void end() {
        if (process_ <= 0)
            return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }
    [[nodiscard]] pid_t process() const { return process_; }

  private:
    pid_t process_;
};

class PidfdCaching : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = testing::answered_by_container(SYS_pidfd_getfd, -1);
            !why.empty())
            GTEST_SKIP() << why;
    }
};

TEST_F(PidfdCaching, GivesTheSameFile) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const UniqueFd input(ends[0]);
    const UniqueFd output(ends[1]);
    const Child child;
    PidfdCache cache;
    for (int i = 0; i < 2; ++i) {
        const auto theirs = cache.duplicate(child.process(), output.get());
        ASSERT_TRUE(theirs) << to_int(theirs.error());
        struct stat one {};
        struct stat other {};
        ::fstat(theirs->get(), &one);
        ::fstat(output.get(), &other);
        EXPECT_EQ(one.st_ino, other.st_ino);
    }
    EXPECT_EQ(cache.duplicate(child.process(), 999).error(), Errno{EBADF});
}

TEST_F(PidfdCaching, KnowsThatAThreadIsGone) {
    Child child;
    PidfdCache cache;
    ASSERT_TRUE(cache.duplicate(child.process(), 0));
    const pid_t process = child.process();
    child.end();
    EXPECT_EQ(cache.duplicate(process, 0).error(), Errno{ESRCH});
    EXPECT_EQ(cache.duplicate(process, 0).error(), Errno{ESRCH});
}

TEST_F(PidfdCaching, TellsWhenAThreadThatItKnowsEnds) {
    const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    PidfdCache cache;
    cache.watch_exits(epoll.get(), [](pid_t thread) { return static_cast<std::uint64_t>(thread); });
    Child child;
    ASSERT_TRUE(cache.duplicate(child.process(), 0));
    const pid_t process = child.process();
    epoll_event event{};
    EXPECT_EQ(::epoll_wait(epoll.get(), &event, 1, 0), 0);
    child.end();
    ASSERT_EQ(::epoll_wait(epoll.get(), &event, 1, 10'000), 1);
    EXPECT_EQ(event.data.u64, static_cast<std::uint64_t>(process));
    cache.forget(process);
}

TEST(PidfdCache, AThreadsIdentityIsItsOwnAsLongAsItLives) {
    Child child;
    const Child other;
    PidfdCache cache;
    const auto identity = cache.identity(child.process());
    if (identity == 0)
        GTEST_SKIP() << "this kernel doesn't tell threads apart";
    EXPECT_EQ(cache.identity(child.process()), identity);
    EXPECT_NE(cache.identity(other.process()), identity);
    const pid_t process = child.process();
    child.end();
    EXPECT_EQ(cache.identity(process), 0U);
}

TEST(PidfdCache, TakesAShareOfTheDescriptorsThatTheProcessMayHave) {
    EXPECT_LE(PidfdCache().entries_max(), 2048u);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{128, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(PidfdCache().entries_max(), 32u);
    ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(PidfdCaching, LetsGoOfWhatItKeepsWhereDescriptorsRunOut) {
    std::vector<Child> children(8);
    PidfdCache cache;
    const FewDescriptors few(4);
    for (int round = 0; round < 2; ++round)
        for (const Child& child : children) {
            const auto theirs = cache.duplicate(child.process(), 0);
            ASSERT_TRUE(theirs) << to_int(theirs.error());
        }
}

TEST_F(PidfdCaching, SaysSoWhereNothingIsLeftToLetGo) {
    const Child child;
    PidfdCache cache;
    {
        const FewDescriptors few(0);
        EXPECT_EQ(cache.duplicate(child.process(), 0).error(), Errno{EMFILE});
        EXPECT_FALSE(cache.let_go());
    }
    EXPECT_TRUE(cache.duplicate(child.process(), 0));
    EXPECT_TRUE(cache.let_go());
}

}  // namespace
}  // namespace glovebox::supervisor
