// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/syscall_filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/base/fd_passing.h"
#include "sim/supervisor/interception.h"
#include "sim/supervisor/launch.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/testing/outer_filter.h"

namespace glovebox::supervisor {
namespace {

// Runs `body` in a child under the filter, with nobody to answer: a call that is notified waits,
// and then the child is killed. The number of that call; 0 when there was none.
int notified_call(const std::vector<sock_filter>& filter, void (*body)()) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        const int listener = install_filter(filter);
        const int result = listener < 0 ? -listener : 0;
        (void)send_with_fds(theirs.get(), &result, sizeof result,
                            {&listener, result == 0 ? 1u : 0u});
        ::close(listener);
        body();
        ::syscall(SYS_exit_group, 0);
    }
    theirs.reset();
    int result = -1;
    UniqueFd listener;
    EXPECT_EQ(receive_with_fds(ours.get(), &result, sizeof result, {&listener, 1}), 0);
    EXPECT_EQ(result, 0) << "a filter with a listener is in force around this test";
    int number = 0;
    pollfd poll_fd{listener.get(), POLLIN, 0};
    if (result == 0 && ::poll(&poll_fd, 1, -1) == 1 && (poll_fd.revents & POLLIN) != 0)
        if (const auto call = SeccompNotifier(std::move(listener)).receive())
            number = call->number;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return number;
}

class SyscallFilter : public ::testing::TestWithParam<bool> {
  protected:
    SyscallFilter() : filter_(*make_filter({.nsm = GetParam()})) {}
    std::vector<sock_filter> filter_;
};

TEST_P(SyscallFilter, NotifiesNoDataCall) {
    EXPECT_EQ(notified_call(filter_,
                            [] {
                                int ends[2];
                                char bytes[64] = {};
                                ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
                                iovec part{bytes, sizeof bytes};
                                msghdr message{};
                                message.msg_iov = &part;
                                message.msg_iovlen = 1;
                                pollfd ready{ends[1], POLLIN, 0};
                                ::write(ends[0], bytes, 1);
                                ::read(ends[1], bytes, 1);
                                ::send(ends[0], bytes, 1, 0);
                                ::recv(ends[1], bytes, 1, 0);
                                ::sendmsg(ends[0], &message, 0);
                                ::poll(&ready, 1, 0);
                                ::recvmsg(ends[1], &message, 0);
                                ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
                                const int one = 1;
                                ::setsockopt(ends[0], SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
                                ::dup2(ends[0], ends[1]);
                                ::close(ends[0]);
                                ::socket(AF_INET, SOCK_STREAM, 0);
                                ::open("/", O_RDONLY | O_DIRECTORY);
                            }),
              0);
}

TEST_P(SyscallFilter, NotifiesAfVsock) {
    if (const std::string why = testing::answered_by_container(SYS_socket, AF_VSOCK); !why.empty())
        GTEST_SKIP() << why;
    EXPECT_EQ(notified_call(filter_, [] { ::socket(AF_VSOCK, SOCK_STREAM, 0); }), SYS_socket);
    EXPECT_EQ(notified_call(filter_, [] { ::syscall(SYS_socket, 0xffffffff00000028ul, 1, 0); }),
              SYS_socket)
        << "the upper half of a register means nothing";
    EXPECT_EQ(notified_call(filter_, [] { ::bind(0, nullptr, 0); }), SYS_bind);
    EXPECT_EQ(notified_call(filter_, [] { ::connect(0, nullptr, 0); }), SYS_connect);
    EXPECT_EQ(notified_call(filter_, [] { ::listen(0, 1); }), SYS_listen);
    EXPECT_EQ(notified_call(filter_, [] { ::accept4(0, nullptr, nullptr, 0); }), SYS_accept4);
    EXPECT_EQ(notified_call(filter_, [] { ::getsockopt(0, AF_VSOCK, 0, nullptr, nullptr); }),
              SYS_getsockopt);
    EXPECT_EQ(notified_call(filter_, [] { ::open("/dev/vsock", O_RDONLY); }), SYS_openat);
}

#ifdef SYS_creat
TEST_P(SyscallFilter, NotifiesCreat) {
    EXPECT_EQ(notified_call(filter_, [] { ::syscall(SYS_creat, "/absent/file", 0600); }),
              SYS_creat);
}
#endif

TEST_P(SyscallFilter, NotifiesStatOnlyWhereTheDeviceIs) {
    const int notified = notified_call(filter_, [] { ::access("/dev/nsm", R_OK); });
    EXPECT_EQ(notified != 0, GetParam());
}

TEST_P(SyscallFilter, RefusesRings) {
    EXPECT_EQ(
        notified_call(filter_,
                      [] {
                          if (::syscall(SYS_io_uring_setup, 8, nullptr) != -1 || errno != ENOSYS)
                              ::socket(AF_VSOCK, SOCK_STREAM, 0);  // heard of
                      }),
        0);
}

TEST_P(SyscallFilter, RefusesInASandboxWhatNoNamespaceDivides) {
    if (const std::string why = testing::answered_by_container(SYS_socket, AF_VSOCK); !why.empty())
        GTEST_SKIP() << why;
    const auto tell_if_refused = [] {
        if (::syscall(SYS_keyctl, 0, 0, 0) == -1 && errno == ENOSYS &&
            ::syscall(SYS_add_key, "user", "absent", nullptr, 0, 0) == -1 && errno == ENOSYS &&
            ::syscall(SYS_request_key, "user", "absent", nullptr, 0) == -1 && errno == ENOSYS &&
            ::syscall(SYS_syslog, 10, nullptr, 0) == -1 && errno == EPERM)
            ::socket(AF_VSOCK, SOCK_STREAM, 0);  // heard of
    };
    const auto in_sandbox = make_filter({.nsm = GetParam(), .sandbox = true});
    EXPECT_EQ(notified_call(*in_sandbox, tell_if_refused), SYS_socket);
}

class RootFilter : public ::testing::Test {
  protected:
    static int notified(void (*body)(), FilterOptions options = {.root = true}) {
        return notified_call(*make_filter(options), body);
    }
};

TEST_F(RootFilter, NotifiesLimitsButNotTheReadThatEveryProgramMakesAsItStarts) {
    EXPECT_EQ(notified([] {
                  rlimit limit{};
                  ::getrlimit(RLIMIT_STACK, &limit);
              }),
              0);
    const auto read_stack = [] {
        rlimit limit{};
        ::prlimit(0, RLIMIT_STACK, nullptr, &limit);
    };
    EXPECT_EQ(notified(read_stack), 0);
    EXPECT_EQ(notified(read_stack, {.root = true, .stack_limit = true}), SYS_prlimit64);
    EXPECT_EQ(notified([] {
                  rlimit limit{};
                  ::prlimit(0, RLIMIT_NOFILE, nullptr, &limit);
              }),
              SYS_prlimit64);
    EXPECT_EQ(notified([] {
                  const rlimit limit{1, 1};
                  ::prlimit(0, RLIMIT_STACK, &limit, nullptr);
              }),
              SYS_prlimit64);
}

TEST_F(RootFilter, NotifiesModulesOfAnInit) {
    if (const std::string why = testing::answered_by_container(SYS_finit_module, -1); !why.empty())
        GTEST_SKIP() << why;
    const auto load = [] { ::syscall(SYS_finit_module, -1, "", 0); };
    EXPECT_EQ(notified(load, {.init = true, .root = true}), SYS_finit_module)
        << "not everybody may load one";
    EXPECT_EQ(notified(load), 0);
}

TEST_F(RootFilter, NotifiesAParentsProgramsNone) {
    EXPECT_EQ(notified(
                  [] {
                      rlimit limit{};
                      ::getrlimit(RLIMIT_NOFILE, &limit);
                      ::mlockall(0);
                      ::getpriority(PRIO_PROCESS, 0);
                      ::socket(AF_ALG, SOCK_SEQPACKET, 0);
                      ::chmod("/absent", 0);
                  },
                  {.nsm = false}),
              0);
}

TEST_F(RootFilter, NotifiesWhatAwssKernelLacksInASandboxAlone) {
    const auto ask = [] { ::socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER); };
    EXPECT_EQ(notified(ask, {.sandbox = true, .root = true}), SYS_socket);
    EXPECT_EQ(notified(ask), 0);
    EXPECT_EQ(notified([] { ::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); },
                       {.sandbox = true, .root = true}),
              0);
    EXPECT_EQ(notified([] { ::mkfifo("/absent/fifo", 0600); }, {.sandbox = true, .root = true}), 0);
    EXPECT_NE(notified([] { ::mknod("/absent/null", S_IFCHR | 0600, makedev(1, 3)); },
                       {.sandbox = true, .root = true}),
              0);
}

TEST_F(RootFilter, NotifiesExecOnDemand) {
    const auto execute = [] { ::execl("/absent", "absent", nullptr); };
    EXPECT_EQ(notified(execute, {.exec = true}), SYS_execve);
    EXPECT_EQ(notified(execute), 0);
}

INSTANTIATE_TEST_SUITE_P(Sides, SyscallFilter, ::testing::Bool(),
                         [](const auto& side) { return side.param ? "Enclave" : "Parent"; });

TEST(Launch, RunsAProgramUnderTheFilterOnceTheProbeIsAnswered) {
    if (const std::string why = testing::answered_by_container(SYS_socket, AF_VSOCK); !why.empty())
        GTEST_SKIP() << why;
    const auto features = probe_supervision(*make_filter({}));
    ASSERT_TRUE(features) << features.error().message;
}

TEST(Launch, WithoutAnotherFilterThereIsNothingToProbe) {
    if (::prctl(PR_GET_SECCOMP) != 0)
        GTEST_SKIP() << "the tests run under a container's filter";
    EXPECT_FALSE(is_under_filters());
}

#if defined(__x86_64__)

// In a child, since a filter stays.
TEST(Launch, WhereAnotherFilterDeniesAfVsockATracerBringsTheCall) {
    const auto denying = *make_denying_filter(EPERM);
    const pid_t child = ::fork();
    if (child == 0) {
        const sock_fprog program{static_cast<unsigned short>(denying.size()),
                                 const_cast<sock_filter*>(denying.data())};
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            ::_exit(1);
        const auto denied = probe_supervision(*make_filter({}));
        if (!is_under_filters())
            ::_exit(5);
        if (denied || !is_vsock_denial(denied.error()))
            ::_exit(2);
        std::unique_ptr<Tracer> tracer;
        const auto probed =
            intercept({}, tracer, [](const std::vector<sock_filter>& filter, Tracer* chosen) {
                return probe_supervision(filter, chosen);
            });
        if (!probed)
            ::_exit(3);
        ::_exit(tracer ? 0 : 4);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

#endif

TEST(Launch, SaysWhatCannotBeExecuted) {
    const auto failure_of = [](const std::string& path) {
        Program program;
        program.arguments = {path};
        std::unique_ptr<Tracer> tracer;
        const auto launched =
            intercept({}, tracer, [&](const std::vector<sock_filter>& filter, Tracer* chosen) {
                return launch(program, filter, false, chosen);
            });
        return launched ? 0 : launched.error().code.value();
    };
    EXPECT_EQ(failure_of("/absent/program"), ENOENT);
    EXPECT_EQ(failure_of("/"), EACCES);
}

}  // namespace
}  // namespace glovebox::supervisor
