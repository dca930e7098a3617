// SPDX-License-Identifier: Apache-2.0

// Real sandboxes, of the command kind, around /bin/sh. What a program sees inside is the probe
// table's matter (integration/sandbox); here it is how a sandbox starts, ends, and leaves nothing
// behind.
#include "sim/sandbox/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "sim/sandbox/sandbox_error.h"
#include "sim/sandbox/sandbox_fixture.h"

namespace glovebox::sandbox {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// How many processes of this machine have `tag` in their command line.
int count_processes(const std::string& tag) {
    int count = 0;
    for (const auto& entry :
         fs::directory_iterator("/proc", fs::directory_options::skip_permission_denied)) {
        const std::string name = entry.path().filename();
        if (std::isdigit(static_cast<unsigned char>(name[0])) != 0)
            count += read_file(entry.path() / "cmdline").find(tag) != std::string::npos ? 1 : 0;
    }
    return count;
}

// While it lives, processes whose parent ended become this process's children: what a killed maker
// leaves behind can be waited for.
class Subreaper {
  public:
    Subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
    ~Subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); }
    Subreaper(const Subreaper&) = delete;
    Subreaper& operator=(const Subreaper&) = delete;

    // Whether all of them ended by themselves.
    [[nodiscard]] bool all_end() const {
        for (const auto deadline = std::chrono::steady_clock::now() + 20s;
             std::chrono::steady_clock::now() < deadline; std::this_thread::sleep_for(2ms)) {
            pid_t ended = 0;
            while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
            }
            if (ended < 0 && errno == ECHILD)
                return true;
        }
        return false;
    }
};

int count_descriptors() {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

int status_of(const EnclaveEnd& end) {
    if (!end.program_status)
        return -1;
    return WIFEXITED(*end.program_status) ? WEXITSTATUS(*end.program_status)
                                          : 128 + WTERMSIG(*end.program_status);
}

TEST_F(SandboxTest, TheProgramsEndIsTheEnclavesEnd) {
    EXPECT_EQ(status_of((*Sandbox::start(shell("exit 7")))->wait()), 7);
    EXPECT_EQ(status_of((*Sandbox::start(shell("kill -KILL $$")))->wait()), 128 + SIGKILL);
    EXPECT_EQ(status_of((*Sandbox::start(shell("kill -TERM $$")))->wait()), 128 + SIGTERM);
}

TEST_F(SandboxTest, WhatTheProgramLeavesRunningEndsWithIt) {
    const std::string number = tag();
    const auto sandbox = Sandbox::start(
        shell("sleep " + number + " & setsid sleep " + number + " & kill -0 $! && exit 3"));
    EXPECT_EQ(status_of((*sandbox)->wait()), 3);
    EXPECT_EQ(count_processes("sleep" + std::string(1, '\0') + number), 0);
}

TEST_F(SandboxTest, OrphansAreReapedByPidOne) {
    // The grandchild outlives its parent; a zombie would still be in the process table.
    EXPECT_EQ(output_of(shell("(sleep 0.05 & echo $! > /tmp/orphan); read pid < /tmp/orphan; "
                              "while kill -0 $pid 2>/dev/null; do sleep 0.01; done; echo gone")),
              "gone\n");
}

TEST_F(SandboxTest, StoppingItEndsEverythingInside) {
    const std::string number = tag();
    const auto sandbox = Sandbox::start(shell("sleep " + number + " & exec sleep " + number));
    ASSERT_TRUE((*sandbox)->wait_for_exec());
    (*sandbox)->stop();
    EXPECT_FALSE((*sandbox)->wait().program_status);
    EXPECT_EQ(count_processes(number), 0);
    EXPECT_FALSE((*sandbox)->wait().program_status) << "asked again, the same answer";
}

TEST_F(SandboxTest, ItEndsWithItsObject) {
    const std::string number = tag();
    { const auto sandbox = Sandbox::start(command({"sleep", number})); }
    EXPECT_EQ(count_processes(number), 0);
}

TEST_F(SandboxTest, ItEndsWithItsMakerHoweverHeEnds) {
    const Subreaper subreaper;
    const std::string number = tag();
    Pipe ready;
    const SandboxPlan plan = command({"sleep", number});
    const pid_t maker = ::fork();
    if (maker == 0) {
        const auto sandbox = Sandbox::start(plan);
        const bool executed = sandbox && (*sandbox)->wait_for_exec();
        if (::write(ready.write_end.get(), executed ? "y" : "n", 1) == 1)
            ::pause();
        ::_exit(1);
    }
    char answer = 0;
    ASSERT_EQ(::read(ready.read_end.get(), &answer, 1), 1);
    ASSERT_EQ(answer, 'y');
    EXPECT_EQ(count_processes(number), 1);
    ::kill(maker, SIGKILL);
    EXPECT_TRUE(subreaper.all_end());
    EXPECT_EQ(count_processes(number), 0);
}

TEST_F(SandboxTest, ThePidsAreThoseOfTheMakersNamespace) {
    const std::string number = tag();
    const auto sandbox = Sandbox::start(command({"sleep", number}));
    ASSERT_TRUE((*sandbox)->wait_for_exec());
    EXPECT_THAT(read_file("/proc/" + std::to_string((*sandbox)->program_pid()) + "/cmdline"),
                HasSubstr(number));
    const std::string init = "/proc/" + std::to_string((*sandbox)->init_pid());
    EXPECT_THAT(read_file(init + "/status"), HasSubstr("Name:\tinit\n"));
    EXPECT_THAT(read_file(init + "/cmdline"), testing::StartsWith(std::string("/init\0", 6)));
}

TEST_F(SandboxTest, ItsEndCanBePolledFor) {
    const auto sandbox = Sandbox::start(shell("exit 0"));
    pollfd end{(*sandbox)->end_descriptor(), POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 20000), 1);
    EXPECT_EQ((*sandbox)->next_event().value(), Sandbox::Event::executed);
    EXPECT_EQ((*sandbox)->next_event().value(), Sandbox::Event::ended);
    EXPECT_EQ(status_of((*sandbox)->wait()), 0);
}

TEST_F(SandboxTest, AProgramThatIsNotThereIsAnErrorInExecvpesWords) {
    auto sandbox = Sandbox::start(command({"no-such-program"}));
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    auto executed = (*sandbox)->wait_for_exec();
    ASSERT_FALSE(executed);
    EXPECT_EQ(executed.error().code, SandboxError::program_not_started);
    EXPECT_EQ(executed.error().message, "no-such-program: No such file or directory");
    EXPECT_EQ(status_of((*sandbox)->wait()), ENOENT) << "the child exits with errno, as AWS's does";

    std::ofstream(folder_ / "data") << "not a program\n";
    executed = (*Sandbox::start(command({"./data"})))->wait_for_exec();
    ASSERT_FALSE(executed);
    EXPECT_EQ(executed.error().message, "./data: Permission denied");
}

TEST_F(SandboxTest, AnExecutableOfUnknownFormatIsRunByTheShell) {
    std::ofstream(folder_ / "script") << "echo \"$0 $1\"\n";
    fs::permissions(folder_ / "script",
                    fs::perms::owner_all | fs::perms::others_exec | fs::perms::others_read);
    EXPECT_EQ(output_of(command({"./script", "argument"})), "./script argument\n");
}

TEST_F(SandboxTest, TheHooksDescriptorComesOutAndItsRunIsInside) {
    struct Context {
        int kept;
        pid_t seen_pid;
    };
    Pipe kept;
    Context context{kept.write_end.get(), 0};
    StartOptions options;
    options.kept_descriptors = {kept.write_end.get()};
    options.hook = {[](void* given) -> HookResult {
                        const auto* c = static_cast<Context*>(given);
                        const pid_t self = ::getpid();
                        if (::write(c->kept, &self, sizeof self) != sizeof self)
                            return {.error = EIO};
                        return {.descriptor = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
                    },
                    &context};
    const auto sandbox = Sandbox::start(command({"sleep", tag()}), options);
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    ASSERT_EQ(::read(kept.read_end.get(), &context.seen_pid, sizeof(pid_t)),
              static_cast<ssize_t>(sizeof(pid_t)));
    EXPECT_EQ(context.seen_pid, 2) << "PID 1's first child";
    const UniqueFd network = (*sandbox)->take_hook_descriptor();
    ASSERT_TRUE(network);
    EXPECT_FALSE((*sandbox)->take_hook_descriptor());
    struct stat inside {};
    struct stat outside {};
    ASSERT_EQ(::fstat(network.get(), &inside), 0);
    ASSERT_EQ(::stat("/proc/self/ns/net", &outside), 0);
    EXPECT_NE(inside.st_ino, outside.st_ino);
}

TEST_F(SandboxTest, NeitherTheMakersNorTheHooksDescriptorsReachTheProgram) {
    const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
    Pipe kept;
    StartOptions options;
    options.kept_descriptors = {kept.write_end.get(), leaky.get()};
    // The listing itself has one more, for the folder.
    EXPECT_EQ(output_of(shell("ls /proc/self/fd | wc -l"), options), "4\n");
}

TEST_F(SandboxTest, AHookThatFailsFailsTheStart) {
    StartOptions options;
    options.hook = {[](void*) -> HookResult { return {.error = EBUSY}; }, nullptr};
    const auto sandbox = Sandbox::start(shell("true"), options);
    ASSERT_FALSE(sandbox);
    EXPECT_EQ(sandbox.error().code, SandboxError::set_up_failed);
    EXPECT_THAT(sandbox.error().message,
                HasSubstr("prepare the supervised program: Device or resource busy"));
}

TEST_F(SandboxTest, IgnoredAndBlockedSignalsOfTheMakerAreNotTheProgramsConcern) {
    struct sigaction before {};
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before);
    sigset_t blocked;
    sigset_t mask_before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &mask_before);
    const std::string text =
        output_of(command({"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"}));
    ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
    ::sigaction(SIGPIPE, &before, nullptr);
    EXPECT_EQ(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(SandboxTest, TheConsoleIsThePseudoTerminalThatItWasGiven) {
    const UniqueFd console(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(console);
    ASSERT_EQ(::unlockpt(console.get()), 0);
    std::array<char, 64> name{};
    ASSERT_EQ(::ptsname_r(console.get(), name.data(), name.size()), 0);
    const UniqueFd other_end(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(other_end);
    CommandRequest request;
    request.arguments = {"tty"};
    request.path = "/usr/bin:/bin";
    request.working_directory = folder_.string();
    request.resources.console_path = name.data();
    StartOptions options;
    options.standard_streams = {other_end.get(), other_end.get(), other_end.get()};
    const auto sandbox = Sandbox::start(make_command_plan(request, machine_).value(), options);
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    EXPECT_EQ(status_of((*sandbox)->wait()), 0);
    std::array<char, 64> said{};
    ASSERT_GT(::read(console.get(), said.data(), said.size() - 1), 0);
    EXPECT_STREQ(said.data(), "/dev/console\r\n");
}

TEST_F(SandboxTest, MemoryIsHeldOrTheNoteSaysHow) {
    SandboxPlan plan =
        command({"dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1", "status=none"});
    plan.memory_bytes = 64U << 20;
    const auto sandbox = Sandbox::start(plan);
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    if ((*sandbox)->cgroup().empty()) {
        EXPECT_THAT((*sandbox)->shortfalls(), testing::Contains(HasSubstr("RLIMIT_DATA")));
    }
    const int status = status_of((*sandbox)->wait());
    EXPECT_NE(status, 0) << "200 MB were kept in 64 MiB";
}

TEST_F(SandboxTest, FiftyInARowLeaveNothingBehind) {
    const std::string mounts = read_file("/proc/self/mountinfo");
    const int descriptors = count_descriptors();
    for (int i = 0; i < 50; ++i) {
        const auto sandbox = Sandbox::start(shell("exit 5"));
        ASSERT_TRUE(sandbox) << sandbox.error().message;
        ASSERT_EQ(status_of((*sandbox)->wait()), 5);
    }
    EXPECT_EQ(read_file("/proc/self/mountinfo"), mounts);
    EXPECT_EQ(count_descriptors(), descriptors);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left to wait for";
}

TEST_F(SandboxTest, TwentyAtOnceDoNotMeet) {
    const std::string number = tag();
    std::array<std::string, 20> seen;
    std::vector<std::thread> makers;
    for (std::size_t i = 0; i < seen.size(); ++i)
        makers.emplace_back([&, i] {
            // Each writes the same file and waits until all twenty must have written.
            seen[i] = output_of(shell("echo " + std::to_string(i) +
                                      " > /tmp/who; sleep 0.3; "
                                      "cat /tmp/who; ls /proc | grep -c '^[0-9]'; : " +
                                      number));
        });
    for (std::thread& maker : makers)
        maker.join();
    for (std::size_t i = 0; i < seen.size(); ++i)
        EXPECT_THAT(seen[i], testing::StartsWith(std::to_string(i) + "\n"));
    EXPECT_EQ(count_processes(number), 0);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

// SIGKILL to the maker, PID 1 or the program, each at 20 moments from the first millisecond on.
TEST_F(SandboxTest, KilledAtAnyMomentNothingIsLeft) {
    const Subreaper subreaper;
    const std::string number = tag();
    const SandboxPlan plan = command({"sleep", number});
    for (int moment = 0; moment < 40; ++moment) {
        const pid_t maker = ::fork();
        if (maker == 0) {
            const auto sandbox = Sandbox::start(plan);
            static_cast<void>(sandbox);
            ::pause();
            ::_exit(1);
        }
        std::this_thread::sleep_for(std::chrono::microseconds(30 * moment * moment));
        ::kill(maker, SIGKILL);
    }
    EXPECT_TRUE(subreaper.all_end());
    EXPECT_EQ(count_processes(number), 0);
    for (int moment = 0; moment < 20; ++moment) {
        const auto sandbox = Sandbox::start(plan);
        ASSERT_TRUE(sandbox) << sandbox.error().message;
        std::this_thread::sleep_for(std::chrono::microseconds(100 * moment));
        ::kill(moment % 2 == 0 ? (*sandbox)->init_pid() : (*sandbox)->program_pid(), SIGKILL);
        const EnclaveEnd end = (*sandbox)->wait();
        EXPECT_EQ(status_of(end), moment % 2 == 0 ? -1 : 128 + SIGKILL);
    }
    EXPECT_EQ(count_processes(number), 0);
}

}  // namespace
}  // namespace glovebox::sandbox
