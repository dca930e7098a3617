// SPDX-License-Identifier: Apache-2.0

#include "core/base/fd_passing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace glovebox {
namespace {

class FdPassing : public ::testing::Test {
  protected:
    FdPassing() {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        sender_.reset(ends[0]);
        receiver_.reset(ends[1]);
    }
    int receive(UniqueFd& fd) {
        int number = 0;
        return receive_with_fds(receiver_.get(), &number, sizeof number, {&fd, 1});
    }
    [[nodiscard]] bool send() const {
        const int number = 1;
        const int passed = sender_.get();
        return send_with_fds(sender_.get(), &number, sizeof number, {&passed, 1});
    }

    UniqueFd sender_;
    UniqueFd receiver_;
};

TEST_F(FdPassing, ADescriptorArrivesWithItsMessage) {
    ASSERT_TRUE(send());
    UniqueFd received;
    EXPECT_EQ(receive(received), 0);
    EXPECT_TRUE(received);
}

TEST_F(FdPassing, AReceiverAtItsLimitIsToldSo) {
    ASSERT_TRUE(send());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    UniqueFd received;
    const int outcome = receive(received);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(outcome, EMFILE);
    EXPECT_FALSE(received);
}

TEST_F(FdPassing, TheChannelsEndIsToldApart) {
    sender_.reset();
    UniqueFd received;
    EXPECT_EQ(receive(received), EPIPE);
}

}  // namespace
}  // namespace glovebox
