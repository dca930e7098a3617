// SPDX-License-Identifier: Apache-2.0

// The mounts of real sandboxes: what is locked, what the program may change, and what reaches the
// machine.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sim/sandbox/root_fs_plan.h"
#include "sim/sandbox/sandbox_error.h"
#include "sim/sandbox/sandbox_fixture.h"

namespace glovebox::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class SandboxMounts : public SandboxTest {};

TEST_F(SandboxMounts, ARootFileSystemWithoutProcFailsInAwsInitsWords) {
    RootFsRequest request;
    request.directory = folder_.string();
    fs::create_directories(folder_ / "dev");
    const auto plan = make_root_fs_plan(request, read_root_fs(request.directory), machine_);
    const auto sandbox = Sandbox::start(plan.value());
    ASSERT_FALSE(sandbox);
    EXPECT_THAT(sandbox.error().message, HasSubstr("mount: /proc: No such file or directory"));
    EXPECT_THAT(
        sandbox.error().message,
        HasSubstr("needs the folders /dev, /proc, /sys, /run, /tmp in the root file system"));
}

// Regression to keep away: mounting before the new root is entered must not follow an image's
// absolute links to the host's folders.
TEST_F(SandboxMounts, AnAbsoluteSymlinkOfAnImageStaysInTheImage) {
    for (const char* name : {"dev", "proc", "sys", "tmp", "elsewhere"})
        fs::create_directories(folder_ / name);
    fs::create_symlink("/elsewhere", folder_ / "run");
    RootFsRequest request;
    request.directory = folder_.string();
    request.command = {"/no-program"};
    SandboxPlan plan =
        make_root_fs_plan(request, read_root_fs(request.directory), machine_).value();
    const auto sandbox = Sandbox::start(plan);
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    EXPECT_THAT(read_file("/proc/self/mountinfo"), Not(HasSubstr(" /elsewhere ")));
    EXPECT_THAT((*sandbox)->wait_for_exec().error().message,
                testing::StartsWith("execvpe: /no-program: "));
}

TEST_F(SandboxMounts, TheFolderOnTheHostIsNeverWrittenTo) {
    std::ofstream(folder_ / "file") << "as it was";
    RootFsRequest request;
    request.directory = folder_.string();
    for (const char* name : {"dev", "proc", "sys", "tmp", "run", "etc"})
        fs::create_directories(folder_ / name);
    SandboxPlan plan =
        make_root_fs_plan(request, read_root_fs(request.directory), machine_).value();
    // The program is the hook: an image has none here.
    plan.arguments = {"/none"};
    StartOptions options;
    options.hook = {
        [](void*) -> HookResult {
            const UniqueFd file(::open("/file", O_WRONLY | O_TRUNC));
            const UniqueFd added(::open("/added", O_WRONLY | O_CREAT, 0600));
            return {.error = !file || !added || ::unlink("/etc/hosts") != 0 ? errno : 0};
        },
        nullptr};
    const auto sandbox = Sandbox::start(plan, options);
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    EXPECT_EQ(read_file(folder_ / "file"), "as it was");
    EXPECT_FALSE(fs::exists(folder_ / "added"));
    EXPECT_TRUE(fs::is_empty(folder_ / "etc"));
}

// The same mode as before: were it the host's node after all, nothing is harmed.
TEST_F(SandboxMounts, ADevicesModeAndOwnerAreTheHostsToChange) {
    EXPECT_EQ(output_of(shell("for device in null nsm vsock urandom; do"
                              "  chmod 0666 /dev/$device 2>/dev/null || echo $device stays;"
                              "  : > /dev/$device || echo $device opens for none; done")),
              "null stays\nnsm stays\nvsock stays\nurandom stays\n");
}

// The working directory lies in /tmp, which is locked with it here; /run is the program's own.
TEST_F(SandboxMounts, MountsOfTheMachineAreLockedAndTheEnclavesOwnAreNot) {
    EXPECT_EQ(output_of(shell("exec 2>/dev/null; tries() { \"$@\" && echo \"$*\"; }\n"
                              "for mount in \"$PWD\" /dev/null /dev /proc /sys /usr /tmp; do\n"
                              "  umount -l $mount && echo unmounted $mount\n"
                              "  mount --move $mount /mnt && echo moved $mount\n"
                              "done\n"
                              "tries mount -o remount,bind,rw /dev/null\n"
                              "tries mount -t cgroup2 none /mnt\n"
                              "tries touch file\n"
                              "tries mount -o remount,bind,exec,nosuid,nodev /run\n"
                              "tries umount /run\n"
                              "tries mount -t tmpfs none /mnt\n")),
              "touch file\nmount -o remount,bind,exec,nosuid,nodev /run\numount /run\n"
              "mount -t tmpfs none /mnt\n");
    EXPECT_FALSE(fs::exists(folder_ / "file"));
}

TEST_F(SandboxMounts, TheWorkingDirectoryForgetsWhatIsWrittenToIt) {
    std::ofstream(folder_ / "kept") << "as it was";
    fs::create_directory(folder_ / "removed");
    EXPECT_EQ(output_of(shell("echo more >> kept && cat kept && rmdir removed && mkdir made && "
                              "chmod 600 . && nohup sh -c 'echo started' && ls")),
              "as it wasmore\nstarted\nkept\nmade\n");
    EXPECT_EQ(read_file(folder_ / "kept"), "as it was");
    EXPECT_TRUE(fs::exists(folder_ / "removed"));
    EXPECT_FALSE(fs::exists(folder_ / "made"));
}

TEST_F(SandboxMounts, AFolderThatAFailedMountShouldShowIsBoundReadOnly) {
    std::ofstream(folder_ / "kept") << "as it was\n";
    SandboxPlan plan = shell("cat kept; touch file || echo read-only");
    const auto overlay = std::find_if(plan.steps.begin(), plan.steps.end(),
                                      [](const Step& step) { return !step.or_bound.empty(); });
    ASSERT_NE(overlay, plan.steps.end());
    overlay->data = "lowerdir=/no/such/folder";
    StartOptions options;
    Pipe out;
    options.standard_streams = {0, out.write_end.get(), 2};
    const auto sandbox = Sandbox::start(plan, options);
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    EXPECT_EQ(out.text(), "as it was\nread-only\n");
    EXPECT_THAT((*sandbox)->notes(),
                testing::Contains(testing::HasSubstr("is read-only here: the kernel lays no")));
}

// The program's own: namespaces below the one that the mounts are locked for.
TEST_F(SandboxMounts, TheNetworkAndTheHostNameAreTheProgramsOwn) {
    EXPECT_EQ(output_of(shell("ip link set lo up && hostname other && hostname && "
                              "unshare -Ur true && echo done")),
              "other\ndone\n");
}

TEST_F(SandboxMounts, AStepBehindTheLockThatFailsIsNamedToo) {
    SandboxPlan plan = shell("true");
    plan.steps.push_back(steps::mount("tmpfs", "tmpfs", "/no/such/folder", 0));
    const auto sandbox = Sandbox::start(plan);
    ASSERT_FALSE(sandbox);
    EXPECT_EQ(sandbox.error().message,
              "the sandbox could not be set up: mount tmpfs on /no/such/folder: No such file or "
              "directory");
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(SandboxMounts, AFailedStepIsNamed) {
    SandboxPlan plan = shell("true");
    plan.steps.insert(plan.steps.end() - 1, steps::bind("/no/such/folder", "/mnt", true));
    const auto sandbox = Sandbox::start(plan);
    ASSERT_FALSE(sandbox);
    EXPECT_EQ(sandbox.error().code, SandboxError::set_up_failed);
    EXPECT_EQ(sandbox.error().message,
              "the sandbox could not be set up: bind /no/such/folder on /mnt: No such file or "
              "directory");
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "neither of the first two processes is left";
}

}  // namespace
}  // namespace glovebox::sandbox
