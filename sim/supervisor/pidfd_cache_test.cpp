#include "sim/supervisor/pidfd_cache.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace glovebox::supervisor {
namespace {

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

TEST(PidfdCache, GivesTheSameFile) {
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

TEST(PidfdCache, KnowsThatAThreadIsGone) {
    Child child;
    PidfdCache cache;
    ASSERT_TRUE(cache.duplicate(child.process(), 0));
    const pid_t process = child.process();
    child.end();
    EXPECT_EQ(cache.duplicate(process, 0).error(), Errno{ESRCH});
    EXPECT_EQ(cache.duplicate(process, 0).error(), Errno{ESRCH});
}

TEST(PidfdCache, TellsWhenAThreadThatItKnowsEnds) {
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

}  // namespace
}  // namespace glovebox::supervisor
