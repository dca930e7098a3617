// SPDX-License-Identifier: Apache-2.0

#include "core/relay/pipe_pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace glovebox::core {
namespace {

// The next descriptor is one too many, for as long as this lives.
class NoMoreDescriptors {
  public:
    NoMoreDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const UniqueFd next(::fcntl(0, F_DUPFD_CLOEXEC, 0));
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(next.get());
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST(PipePool, GivesAnIdlePipeAgain) {
    PipePool pool;
    auto pipe = pool.take();
    ASSERT_TRUE(pipe);
    const int number = pipe->read.get();
    EXPECT_EQ(pool.in_use(), 1U);
    pool.give_back(std::move(*pipe));
    EXPECT_EQ(pool.in_use(), 0U);
    EXPECT_EQ(pool.idle(), 1U);
    EXPECT_EQ(pool.take()->read.get(), number);
}

TEST(PipePool, ItsPipesBlockNobodyAndAreNotInherited) {
    PipePool pool;
    const auto pipe = pool.take();
    ASSERT_TRUE(pipe);
    for (const int end : {pipe->read.get(), pipe->write.get()}) {
        EXPECT_NE(::fcntl(end, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(end, F_GETFD) & FD_CLOEXEC, 0);
    }
    EXPECT_GE(pipe->capacity, 64U * 1024U);
}

TEST(PipePool, KeepsToItsLimits) {
    PipePool pool({.pipes_max = 2, .idle_max = 1});
    auto first = pool.take();
    auto second = pool.take();
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(pool.take());
    pool.give_back(std::move(*first));
    pool.give_back(std::move(*second));
    EXPECT_EQ(pool.idle(), 1U);
    pool.trim();
    EXPECT_EQ(pool.idle(), 0U);
}

TEST(PipePool, ADiscardedPipeIsNotGivenAgain) {
    PipePool pool({.pipes_max = 1});
    auto pipe = pool.take();
    ASSERT_TRUE(pipe);
    ASSERT_EQ(::write(pipe->write.get(), "x", 1), 1);
    pool.discard(std::move(*pipe));
    EXPECT_EQ(pool.idle(), 0U);
    auto fresh = pool.take();
    ASSERT_TRUE(fresh);
    char byte = 0;
    EXPECT_EQ(::read(fresh->read.get(), &byte, 1), -1);
}

TEST(PipePool, NoPipesAreHadWithoutDescriptors) {
    PipePool pool;
    {
        const NoMoreDescriptors scarce;
        EXPECT_FALSE(pool.take());
        EXPECT_EQ(pool.in_use(), 0U);
    }
    EXPECT_TRUE(pool.take());
}

TEST(PipePool, TakesASmallerPipeWhereTheKernelRefusesALargeOne) {
    PipePool pool({.pipe_size = std::size_t{1} << 40});
    const auto pipe = pool.take();
    ASSERT_TRUE(pipe);
    EXPECT_GE(pipe->capacity, 64U * 1024U);
    EXPECT_LT(pipe->capacity, std::size_t{1} << 40);
}

}  // namespace
}  // namespace glovebox::core
