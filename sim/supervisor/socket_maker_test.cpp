// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/socket_maker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <set>

namespace glovebox::supervisor {
namespace {

// Of the network namespace that a socket was made in.
std::uint64_t network_of(int socket) {
    std::uint64_t cookie = 0;
    socklen_t length = sizeof cookie;
    ::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
    return cookie;
}

// A process that enters a network namespace of its own for every byte that it is sent.
class Mover {
  public:
    Mover() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ours_.reset(ends[0]);
        const UniqueFd theirs(ends[1]);
        process_ = ::fork();
        if (process_ != 0)
            return;
        char byte = 0;
        ours_.reset();
        while (::read(theirs.get(), &byte, 1) == 1) {
            byte = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
            if (::write(theirs.get(), &byte, 1) != 1)
                break;
        }
        ::_exit(0);
    }
    ~Mover() {
        ours_.reset();
        ::waitpid(process_, nullptr, 0);
    }
    bool move() {
        char byte = 'm';
        return ::write(ours_.get(), &byte, 1) == 1 && ::read(ours_.get(), &byte, 1) == 1 &&
               byte == 'y';
    }
    [[nodiscard]] pid_t process() const { return process_; }

  private:
    UniqueFd ours_;
    pid_t process_ = 0;
};

TEST(SocketMaker, MakesThemWhereTheThreadIsHoweverManyItAsksFor) {
    PidfdCache pidfds;
    SocketMaker maker(pidfds);
    Mover mover;
    const UniqueFd own(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto near = maker.make(mover.process(), SOCK_STREAM);
    ASSERT_TRUE(near);
    EXPECT_EQ(network_of(near->get()), network_of(own.get()));
    std::set<std::uint64_t> networks{network_of(own.get())};
    for (int moves = 0; moves < 2; ++moves) {
        maker.expect_move(mover.process());
        if (!mover.move())
            GTEST_SKIP() << "takes root, for network namespaces";
        std::vector<UniqueFd> made;
        for (int i = 0; i < 30; ++i) {
            const bool is_nonblocking = i % 3 == 0;
            const int kind = i % 5 == 0 ? SOCK_SEQPACKET : SOCK_STREAM;
            auto one = maker.make(mover.process(), kind | (is_nonblocking ? SOCK_NONBLOCK : 0));
            ASSERT_TRUE(one);
            EXPECT_EQ((::fcntl(one->get(), F_GETFL) & O_NONBLOCK) != 0, is_nonblocking);
            EXPECT_NE(::fcntl(one->get(), F_GETFD) & FD_CLOEXEC, 0);
            int type = 0;
            socklen_t length = sizeof type;
            ::getsockopt(one->get(), SOL_SOCKET, SO_TYPE, &type, &length);
            EXPECT_EQ(type, kind);
            made.push_back(std::move(*one));
        }
        const auto network = network_of(made.front().get());
        EXPECT_TRUE(networks.insert(network).second);
        for (const UniqueFd& one : made)
            EXPECT_EQ(network_of(one.get()), network);
    }
    EXPECT_EQ(maker.make(mover.process(), 9).error(), Errno{ESOCKTNOSUPPORT});
}

}  // namespace
}  // namespace glovebox::supervisor
