// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/descriptor_room.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {
namespace {

class LowLimit {
  public:
    explicit LowLimit(int descriptors) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit low{static_cast<rlim_t>(descriptors), before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &low);
    }
    ~LowLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    LowLimit(const LowLimit&) = delete;
    LowLimit& operator=(const LowLimit&) = delete;

  private:
    rlimit before_{};
};

TEST(DescriptorRoom, IsWhatTheKernelWouldStillGive) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "ubsan looks at an object's vptr through a pipe, which needs descriptors";
#endif
    const UniqueFd high(::fcntl(0, F_DUPFD_CLOEXEC, 200));
    ASSERT_GE(high.get(), 200);
    const LowLimit limit(64);
    std::vector<UniqueFd> taken;
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
        taken.emplace_back(fd);
    ASSERT_GT(taken.size(), 10U);
    EXPECT_TRUE(has_room_for_descriptors(::getpid(), 0));
    // The one beyond the limit takes none of its numbers, and the look itself needs one.
    taken.resize(taken.size() - 8);
    EXPECT_TRUE(has_room_for_descriptors(::getpid(), 4));
    EXPECT_FALSE(has_room_for_descriptors(::getpid(), 20));
}

TEST(DescriptorRoom, OfAnotherProcessIsExact) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd input(ends[0]);
    const UniqueFd output(ends[1]);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const rlimit low{40, 40};
        ::setrlimit(RLIMIT_NOFILE, &low);
        while (::dup(0) >= 0) {
        }
        for (int fd = 37; fd < 40; ++fd)
            ::close(fd);
        const char ready = 'r';
        if (::write(output.get(), &ready, 1) == 1)
            ::pause();
        ::_exit(0);
    }
    char ready = 0;
    ASSERT_EQ(::read(input.get(), &ready, 1), 1);
    EXPECT_TRUE(has_room_for_descriptors(child, 3));
    EXPECT_FALSE(has_room_for_descriptors(child, 4));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST(DescriptorRoom, OfAProcessThatIsGoneIsTheKernelsAffair) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(has_room_for_descriptors(child, 1'000'000));
}

}  // namespace
}  // namespace glovebox::supervisor
