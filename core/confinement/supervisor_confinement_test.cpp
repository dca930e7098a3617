// SPDX-License-Identifier: Apache-2.0

#include "core/confinement/supervisor_confinement.h"

#include <gtest/gtest.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "core/confinement/confinement_fixture.h"

namespace glovebox::core {
namespace {

class SupervisorConfinementTest : public ConfinementFixture {
  protected:
    template <class Try>
    static int confined(const SupervisorNeeds& needs, const Try& attempt) {
        return in_child(
            [&] {
                confine_supervisor(needs, null_log());
                return true;
            },
            attempt);
    }
    static int open_socket(int family) { return ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0); }
};

TEST_F(SupervisorConfinementTest, NoProgramIsStarted) {
    EXPECT_EQ(in_child([] { return true; }, start_program), 0);
    EXPECT_EQ(confined({}, start_program), EPERM);
}

TEST_F(SupervisorConfinementTest, ThreadsAndForksAreItsWork) {
    EXPECT_EQ(confined({},
                       [] {
                           std::thread([] {}).join();
                           const pid_t child = ::fork();
                           if (child == 0)
                               leave_child(0);
                           int status = 1;
                           ::waitpid(child, &status, 0);
                           return -status;
                       }),
              0);
}

TEST_F(SupervisorConfinementTest, TheMachinesNetworkIsOutOfReach) {
    for (const int family : {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK})
        EXPECT_EQ(confined({}, [&] { return open_socket(family); }), EPERM);
    EXPECT_EQ(confined({}, [] { return open_socket(AF_UNIX); }), 0);
    EXPECT_EQ(confined({.other_sockets = true}, [] { return open_socket(AF_NETLINK); }), 0);
}

TEST_F(SupervisorConfinementTest, NoNamespaceIsMade) {
    EXPECT_EQ(confined({}, [] { return ::unshare(CLONE_NEWUSER); }), EPERM);
    EXPECT_EQ(confined({}, [] { return ::unshare(CLONE_FS | CLONE_NEWNS); }), EPERM);
    EXPECT_EQ(confined({}, [] { return ::unshare(CLONE_FS); }), 0);
    EXPECT_EQ(confined({}, [] { return ::syscall(SYS_clone, CLONE_NEWUSER, 0, 0, 0, 0); }), EPERM);
}

TEST_F(SupervisorConfinementTest, KeysRingsAndTerminalsAreOutOfReach) {
    EXPECT_EQ(
        confined(
            {},
            [] { return ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0); }),
        EPERM);
    EXPECT_EQ(confined({}, [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }), EPERM);
    EXPECT_EQ(confined({}, type_into_terminal), EPERM);
}

TEST_F(SupervisorConfinementTest, CallsThatItDoesNotNeedAreForbidden) {
    const auto answer = [](NamedCall call) {
        return confined({}, [&] { return call_harmlessly(call.number); });
    };
    for (const NamedCall call : calls_nobody_needs)
        EXPECT_EQ(answer(call), EPERM) << call.name;
    EXPECT_EQ(answer(GLOVEBOX_CALL(execveat)), EPERM);
    EXPECT_EQ(answer(GLOVEBOX_CALL(clone3)), ENOSYS)
        << "libc then uses clone, whose flags are seen";
}

TEST_F(SupervisorConfinementTest, TheMemoryOfItsProgramIsItsWork) {
    const char there = 'a';
    EXPECT_EQ(confined({},
                       [&] {
                           char here = 0;
                           const iovec local{&here, 1};
                           const iovec remote{const_cast<char*>(&there), 1};
                           return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0);
                       }),
              0);
}

TEST_F(SupervisorConfinementTest, ThreadsThatWereThereBeforeAreConfinedToo) {
    EXPECT_EQ(in_child([] { return true; },
                       [] {
                           std::mutex mutex;
                           std::condition_variable change;
                           bool is_confined = false;
                           int result = 0;
                           int error = 0;
                           std::thread earlier([&] {
                               std::unique_lock lock(mutex);
                               change.wait(lock, [&] { return is_confined; });
                               result = open_socket(AF_INET);
                               error = errno;
                           });
                           confine_supervisor({}, null_log());
                           {
                               const std::lock_guard lock(mutex);
                               is_confined = true;
                           }
                           change.notify_one();
                           earlier.join();
                           errno = error;
                           return result;
                       }),
              EPERM);
}

// As in a container whose filter denies seccomp(2).
TEST_F(SupervisorConfinementTest, WhereTheFilterIsDeniedTheRunGoesOnAndTheLogSaysSo) {
    class Lines : public Log {
      public:
        void write(const LogLine& line) override { text += line.message; }
        [[nodiscard]] bool wants(LogLevel) const override { return true; }
        std::string text;
    };
    Lines log;
    EXPECT_EQ(in_child(
                  [] {
                      CallFilter containers;
                      containers.forbid({SYS_seccomp});
                      return containers.install(CallFilter::Threads::callers).has_value();
                  },
                  [&] {
                      confine_supervisor({}, log);
                      const bool says_so = log.text.find("not confined") != std::string::npos;
                      return says_so ? open_socket(AF_INET) : -1;
                  }),
              0);
}

}  // namespace
}  // namespace glovebox::core
