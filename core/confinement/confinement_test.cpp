// SPDX-License-Identifier: Apache-2.0

#include "core/confinement/confinement.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "core/base/testing/temporary_directory.h"
#include "core/confinement/confinement_fixture.h"
#include "core/confinement/landlock.h"

namespace glovebox::core {
namespace {

class ConfinementTest : public ConfinementFixture {
  protected:
    void SetUp() override {
        ConfinementFixture::SetUp();
        std::ofstream(inside("secret")) << "of another service";
        ::mkdir(inside("state").c_str(), 0700);
        std::ofstream(inside("state/key")) << "its own";
    }

    template <class Try>
    static int confined(const Needs& needs, const Try& attempt) {
        return in_child([&] { return confine(needs, null_log()).has_value(); }, attempt);
    }
    std::string inside(const std::string& name) const { return directory_.path() + "/" + name; }
    static bool has_landlock(int version) { return Landlock::version() >= version; }

    static constexpr const char* no_landlock =
        "this kernel, or the container around, has no Landlock, or an earlier one";

  private:
    TemporaryDirectory directory_;
};

TEST_F(ConfinementTest, FilesOfOthersAreNeitherReadNorWrittenNorRemoved) {
    if (!has_landlock(3))
        GTEST_SKIP() << no_landlock;
    const Needs needs{.writable = {inside("state")}};
    const auto opens = [&](const std::string& name, int flags) {
        return confined(needs, [&] { return ::open(inside(name).c_str(), flags, 0600); });
    };
    EXPECT_EQ(opens("secret", O_RDONLY), EACCES);
    EXPECT_EQ(opens("secret", O_WRONLY), EACCES);
    EXPECT_EQ(opens("new", O_WRONLY | O_CREAT), EACCES);
    EXPECT_EQ(opens("state/key", O_RDWR | O_TRUNC), 0);
    EXPECT_EQ(opens("state/new", O_WRONLY | O_CREAT), 0);
    EXPECT_EQ(confined(needs, [&] { return ::unlink(inside("secret").c_str()); }), EACCES);
    EXPECT_EQ(confined(needs, [&] { return ::unlink(inside("state/new").c_str()); }), 0);
    EXPECT_EQ(confined(needs, [] { return ::open("/etc/hosts", O_RDONLY); }), 0);
    EXPECT_EQ(confined(needs, [] { return ::open("/etc/hosts", O_WRONLY); }), EACCES);
    EXPECT_EQ(confined(needs, [] { return ::open("/dev/null", O_WRONLY); }), 0);
    EXPECT_EQ(confined({.readable = {inside("secret"), inside("missing")}},
                       [&] { return ::open(inside("secret").c_str(), O_RDONLY); }),
              0);
}

TEST_F(ConfinementTest, ItsMemoryBecomesNoCoreFile) {
    EXPECT_EQ(confined({},
                       [] {
                           rlimit limit{1, 1};
                           ::getrlimit(RLIMIT_CORE, &limit);
                           errno = EINVAL;
                           return limit.rlim_max == 0 ? 0 : -1;
                       }),
              0);
}

TEST_F(ConfinementTest, ItsOwnFolderHoldsNoDevice) {
    if (!has_landlock(1))
        GTEST_SKIP() << no_landlock;
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root makes devices";
    EXPECT_EQ(
        confined(
            {.writable = {inside("state")}},
            [&] { return ::mknod(inside("state/device").c_str(), S_IFCHR | 0600, makedev(1, 3)); }),
        EACCES);
}

TEST_F(ConfinementTest, NoProgramIsStartedUnlessItIsNeeded) {
    EXPECT_EQ(confined({}, start_program), EPERM);
    EXPECT_EQ(confined({}, [] { return ::execl("/bin/true", "true", nullptr); }), EPERM);
    EXPECT_EQ(confined({.starts_programs = true}, start_program), 0);
}

TEST_F(ConfinementTest, ThreadsAreStarted) {
    EXPECT_EQ(confined({},
                       [] {
                           int done = -1;
                           std::thread([&] { done = 0; }).join();
                           return done;
                       }),
              0);
}

TEST_F(ConfinementTest, OtherProcessesAreOutOfReach) {
    EXPECT_EQ(confined({}, [] { return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr); }),
              EPERM);
    EXPECT_EQ(confined({.starts_programs = true}, [] { return ::unshare(CLONE_NEWUSER); }), EPERM);
    EXPECT_EQ(confined({}, [] { return ::kill(::getpid(), 0); }), 0);
    if (!has_landlock(6))
        GTEST_SKIP() << no_landlock;
    EXPECT_EQ(confined({}, [] { return ::kill(::getppid(), 0); }), EPERM);
}

TEST_F(ConfinementTest, CallsThatItDoesNotNeedAreForbidden) {
    const auto answer = [](NamedCall call) {
        return confined({.starts_programs = true}, [&] { return call_harmlessly(call.number); });
    };
    for (const NamedCall call : calls_nobody_needs)
        EXPECT_EQ(answer(call), EPERM) << call.name;
    for (const NamedCall call :
         {GLOVEBOX_CALL(ptrace), GLOVEBOX_CALL(process_vm_readv), GLOVEBOX_CALL(process_vm_writev),
          GLOVEBOX_CALL(pidfd_getfd), GLOVEBOX_CALL(kcmp), GLOVEBOX_CALL(unshare),
          GLOVEBOX_CALL(setns), GLOVEBOX_CALL(chroot), GLOVEBOX_CALL(mount), GLOVEBOX_CALL(umount2),
          GLOVEBOX_CALL(open_tree), GLOVEBOX_CALL(move_mount), GLOVEBOX_CALL(adjtimex),
          GLOVEBOX_CALL(clock_adjtime)})
        EXPECT_EQ(answer(call), EPERM) << call.name;
    EXPECT_EQ(answer(GLOVEBOX_CALL(clone3)), ENOSYS)
        << "libc then uses clone, whose flags are seen";
}

TEST_F(ConfinementTest, NoTerminalIsTypedInto) {
    EXPECT_EQ(in_child([] { return true; }, type_into_terminal), ENOTTY);
    EXPECT_EQ(confined({}, type_into_terminal), EPERM);
}

TEST_F(ConfinementTest, ConnectsByTcpWhereItIsNeededAlone) {
    if (!has_landlock(4))
        GTEST_SKIP() << no_landlock;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::listen(listener, 5), 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    const auto connect = [&] {
        return ::connect(::socket(AF_INET, SOCK_STREAM, 0),
                         reinterpret_cast<const sockaddr*>(&address), length);
    };
    EXPECT_EQ(confined({}, connect), EACCES);
    EXPECT_EQ(confined({.connects_by_tcp = true}, connect), 0);
    ::close(listener);
}

}  // namespace
}  // namespace glovebox::core
