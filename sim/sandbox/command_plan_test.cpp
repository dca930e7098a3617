// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/command_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sandbox/plan_text.h"
#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

Machine laptop() {
    Machine machine;
    machine.ids.uid = 1000;
    machine.ids.gid = 1000;
    machine.ids.own_uids = machine.ids.own_gids = {{0, 0, 4294967295}};
    machine.ids.helpers = true;
    machine.ids.subordinate_uids = machine.ids.subordinate_gids = IdRange{1, 100000, 65536};
    machine.top_level = {{"bin", "usr/bin"}, {"data", ""}, {"etc", ""}, {"home", ""},
                         {"opt", ""},        {"run", ""},  {"usr", ""}, {"var", ""}};
    machine.mount_points = {"/", "/proc", "/run/user/1000"};
    machine.homes = {"/home/alice"};
    machine.cpus = {0, 1};
    return machine;
}

CommandRequest request_in(const std::string& folder) {
    CommandRequest request;
    request.arguments = {"python3", "server.py"};
    request.path = "/usr/local/bin:/usr/bin";
    request.working_directory = folder;
    request.hidden_entries = {".aws", ".ssh"};
    return request;
}

std::vector<std::string> lines_of(const CommandRequest& request, const Machine& machine) {
    return to_lines(make_command_plan(request, machine).value().steps);
}

TEST(CommandPlan, EachSystemFolderIsAnOverlayAndNothingElseOfTheHostIsThere) {
    const auto lines = lines_of(request_in("/home/alice/app"), laptop());
    EXPECT_THAT(lines, Contains("symlink /bin -> usr/bin"));
    for (const char* folder : {"etc", "opt", "usr"})
        EXPECT_THAT(lines, Contains(StartsWith("mount overlay /" + std::string(folder) + " ")));
    for (const char* folder : {"/data", "/home ", "/run ", "/var "})
        EXPECT_THAT(lines, Each(Not(StartsWith("bind " + std::string(folder)))));
}

TEST(CommandPlan, TheNetworkFilesAreThoseOfAnImageThatNitroCliBuilds) {
    const auto lines = lines_of(request_in("/home/alice/app"), laptop());
    EXPECT_THAT(lines,
                Contains("symlink stage:/upper/etc/resolv.conf -> /run/resolvconf/resolv.conf"));
    EXPECT_THAT(lines, Contains("write stage:/upper/etc/hosts 644"));
    EXPECT_THAT(lines, Contains("whiteout stage:/upper/etc/hostname"));
}

TEST(CommandPlan, TheCallersFolderIsAnOverlayAtItsOwnPathAndTheWorkingDirectory) {
    const SandboxPlan plan = make_command_plan(request_in("/home/alice/app"), laptop()).value();
    const auto lines = to_lines(plan.steps);
    EXPECT_THAT(lines, Contains("mkdir /home/alice/app 755"));
    EXPECT_THAT(lines, Contains("bind /home/alice/app on stage:/lower/working"));
    EXPECT_THAT(lines, Contains(StartsWith("mount overlay /home/alice/app ")));
    EXPECT_EQ(plan.working_directory, "/home/alice/app");
    EXPECT_THAT(plan.notes, IsEmpty());
}

TEST(CommandPlan, ACallersFolderWithMountsBelowItIsReadOnlyAndSaysSo) {
    Machine machine = laptop();
    machine.mount_points.push_back("/home/alice/app/data");
    const SandboxPlan plan = make_command_plan(request_in("/home/alice/app"), machine).value();
    EXPECT_THAT(to_lines(plan.steps), Contains("bind /home/alice/app on /home/alice/app ro"));
    EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("it is read-only here")));
}

TEST(CommandPlan, ShownFoldersLieAboveTheWorkingDirectoryOrBelowIt) {
    CommandRequest request = request_in("/data/app");
    request.shown_folders = {"/data/app/assets", "/data"};
    const auto lines = lines_of(request, laptop());
    const auto place_of = [&lines](const std::string& beginning) {
        return std::find_if(lines.begin(), lines.end(),
                            [&](const std::string& line) { return line.starts_with(beginning); });
    };
    EXPECT_LT(place_of("bind /data on "), place_of("mount overlay /data/app "));
    EXPECT_LT(place_of("mount overlay /data/app "), place_of("bind /data/app/assets on "));
    EXPECT_NE(place_of("bind /data/app/assets on "), lines.end());
}

TEST(CommandPlan, AHomeFolderShowsNoneOfItsHiddenEntries) {
    const auto lines = lines_of(request_in("/home/alice"), laptop());
    EXPECT_THAT(lines, Contains("whiteout stage:/upper/home/.aws"));
    EXPECT_THAT(lines, Contains("whiteout stage:/upper/home/.ssh"));
    EXPECT_THAT(lines, Contains(StartsWith("mount overlay /home/alice ")));
    EXPECT_THAT(lines, Not(Contains(StartsWith("bind /home/alice on /home/alice"))));
}

TEST(CommandPlan, AFolderThatHoldsHomesIsEmptyAndSaysSo) {
    const SandboxPlan plan = make_command_plan(request_in("/home"), laptop()).value();
    EXPECT_THAT(plan.shortfalls, ElementsAre(HasSubstr("the working directory /home")));
    Machine machine = laptop();
    machine.homes = {"/data/home/alice"};
    const SandboxPlan above = make_command_plan(request_in("/data"), machine).value();
    EXPECT_THAT(above.shortfalls, ElementsAre(HasSubstr("holds home folders")));
    EXPECT_THAT(to_lines(above.steps), Not(Contains(StartsWith("bind /data"))));
}

TEST(CommandPlan, TmpStaysFreshForACallerWhoStandsInIt) {
    const SandboxPlan plan = make_command_plan(request_in("/tmp"), laptop()).value();
    EXPECT_THAT(plan.shortfalls, ElementsAre(HasSubstr("/tmp is the enclave's own")));
    EXPECT_THAT(to_lines(plan.steps), Not(Contains("bind /tmp on /tmp ro")));
    EXPECT_THAT(lines_of(request_in("/tmp/build"), laptop()),
                Contains(StartsWith("mount overlay /tmp/build ")));
}

// Mounts before the step that enters the root are locked.
TEST(CommandPlan, WhatShowsTheMachineIsLockedAndTheEnclavesOwnIsNot) {
    const auto locked = [](const CommandRequest& request, const std::string& beginning) {
        const auto lines = lines_of(request, laptop());
        const auto enters = std::find(lines.begin(), lines.end(), "enter root");
        const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.starts_with(beginning);
        });
        EXPECT_NE(enters, lines.end());
        EXPECT_NE(found, lines.end()) << beginning;
        return found < enters;
    };
    CommandRequest request = request_in("/home/alice/app");
    request.shown_folders = {"/data"};
    request.hidden_folders = {"/data/world"};
    for (const char* shown :
         {"mount overlay /home/alice/app ", "bind /data ", "mount tmpfs /data/world ",
          "mount proc /proc ", "mount sysfs /sys ", "mount tmpfs /dev "})
        EXPECT_TRUE(locked(request, shown)) << shown;
    for (const char* own : {"mount tmpfs /run ", "mount tmpfs /tmp ", "mount tmpfs /dev/shm ",
                            "mount devpts /dev/pts ", "mount tmpfs /sys/fs/cgroup "})
        EXPECT_FALSE(locked(request, own)) << own;
    EXPECT_FALSE(locked(request_in("/tmp"), "mount tmpfs /tmp "));
    EXPECT_TRUE(locked(request_in("/tmp/build"), "mount tmpfs /tmp "))
        << "or the folder would go with it";
    request.shown_folders = {"/run/data"};
    EXPECT_TRUE(locked(request, "mount tmpfs /run "));
}

TEST(CommandPlan, AFileIsShownWithoutItsFolder) {
    CommandRequest request = request_in("/home/alice/app");
    request.shown_files = {"/home/alice/build/glovebox"};
    request.hidden_folders = {"/home/alice/build/world"};
    const auto lines = lines_of(request, laptop());
    const auto bound =
        std::find(lines.begin(), lines.end(),
                  "bind /home/alice/build/glovebox on /home/alice/build/glovebox ro");
    ASSERT_NE(bound, lines.end());
    EXPECT_LT(bound, std::find(lines.begin(), lines.end(), "enter root")) << "it is locked";
    EXPECT_THAT(lines, Each(Not(HasSubstr("bind /home/alice/build on"))));
    EXPECT_THAT(lines, Each(Not(HasSubstr("/home/alice/build/world"))));
    EXPECT_EQ(explain_missing_program("/home/alice/build/glovebox", request, laptop()), "");
    EXPECT_NE(explain_missing_program("/home/alice/build/other", request, laptop()), "");
    request.shown_files = {"/tmp/build/glovebox"};
    const auto in_tmp = lines_of(request, laptop());
    const auto tmp = std::find_if(in_tmp.begin(), in_tmp.end(), [](const std::string& line) {
        return line.starts_with("mount tmpfs /tmp ");
    });
    EXPECT_LT(tmp, std::find(in_tmp.begin(), in_tmp.end(), "enter root"))
        << "or the file would go with it";
}

TEST(CommandPlan, AHiddenEntryOfTheHomeFolderIsNotSeen) {
    CommandRequest request = request_in("/home/alice");
    request.hidden_entries = {".local", ".ssh"};
    EXPECT_EQ(explain_missing_program("/home/alice/bin/glovebox", request, laptop()), "");
    EXPECT_NE(explain_missing_program("/home/alice/.local/bin/glovebox", request, laptop()), "");
    EXPECT_EQ(explain_missing_program("/home/alice/.local.d/glovebox", request, laptop()), "");
    request.shown_files = {"/home/alice/.local/bin/glovebox"};
    EXPECT_EQ(explain_missing_program("/home/alice/.local/bin/glovebox", request, laptop()), "");
}

TEST(CommandPlan, AHiddenEntryOfAnotherWorkingDirectoryIsSeen) {
    CommandRequest request = request_in("/home/alice/app");
    request.hidden_entries = {".installed", ".world"};
    request.hidden_folders = {"/home/alice/app/.world"};
    EXPECT_EQ(explain_missing_program("/home/alice/app/.installed/bin/glovebox", request, laptop()),
              "");
    EXPECT_THAT(lines_of(request, laptop()),
                Contains(HasSubstr("mount tmpfs /home/alice/app/.world ")))
        << "no enclave may see its world";
}

TEST(CommandPlan, ASystemFolderOrTheRootNeedsNoBind) {
    for (const char* folder : {"/", "/usr", "/etc"})
        EXPECT_THAT(lines_of(request_in(folder), laptop()),
                    Each(Not(HasSubstr(std::string(" on ") + folder + " ro"))));
    EXPECT_THAT(lines_of(request_in("/usr/src/app"), laptop()),
                Contains(StartsWith("mount overlay /usr/src/app ")));
}

TEST(CommandPlan, AFolderWithMountsBelowItIsBoundReadOnlyAndSaysSo) {
    // A container's engine binds these three files.
    Machine machine = laptop();
    machine.mount_points = {"/", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
    const SandboxPlan plan = make_command_plan(request_in("/app"), machine).value();
    const auto lines = to_lines(plan.steps);
    EXPECT_THAT(lines, Contains("bind /etc on /etc ro"));
    EXPECT_THAT(lines, Contains("bind stage:/etc/resolv.conf on /etc/resolv.conf (if there)"));
    EXPECT_THAT(lines, Contains("bind stage:/etc/hosts on /etc/hosts (if there)"));
    EXPECT_THAT(lines, Contains(StartsWith("mount overlay /usr ")));
    EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("/etc has mounts")));
}

TEST(CommandPlan, HiddenFoldersAreCoveredWhereTheyWouldBeSeen) {
    CommandRequest request = request_in("/home/alice/app");
    request.hidden_folders = {"/home/alice/app/world", "/run/user/1000/glovebox", "/etc/pki-mock"};
    const auto lines = lines_of(request, laptop());
    EXPECT_THAT(lines, Contains("mount tmpfs /home/alice/app/world ro,nosuid,nodev,noexec mode=0 "
                                "(if there)"));
    EXPECT_THAT(lines, Contains(StartsWith("mount tmpfs /etc/pki-mock ro")));
    EXPECT_THAT(lines, Each(Not(HasSubstr("/run/user"))));
}

TEST(CommandPlan, AWorkingDirectoryInAHiddenFolderIsRefused) {
    CommandRequest request = request_in("/home/alice/world/enclave");
    request.hidden_folders = {"/home/alice/world"};
    const auto plan = make_command_plan(request, laptop());
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, SandboxError::bad_request);
    EXPECT_THAT(plan.error().message, HasSubstr("lies in /home/alice/world"));
}

TEST(CommandPlan, AFolderThatIsTheEnclavesOwnIsNotMounted) {
    for (const char* folder : {"/", "/proc", "/sys/class", "/dev"}) {
        CommandRequest request = request_in("/app");
        request.shown_folders = {folder};
        const auto plan = make_command_plan(request, laptop());
        ASSERT_FALSE(plan) << folder;
        EXPECT_EQ(plan.error().code, SandboxError::bad_request);
        EXPECT_THAT(plan.error().message, HasSubstr("can't be shown to the enclave"));
    }
}

TEST(CommandPlan, WhatCannotBeASandboxIsRefusedWithASentence) {
    CommandRequest nothing = request_in("/app");
    nothing.arguments.clear();
    EXPECT_THAT(make_command_plan(nothing, laptop()).error().message, HasSubstr("after --"));
    EXPECT_THAT(make_command_plan(request_in(""), laptop()).error().message,
                HasSubstr("the working directory is unknown"));
    EXPECT_THAT(make_command_plan(request_in("/sys/kernel"), laptop()).error().message,
                HasSubstr("Go to the folder of your program"));
}

TEST(CommandPlan, TheEnvironmentIsPathAndWhatEnvGave) {
    CommandRequest request = request_in("/app");
    request.environment = {"A=1"};
    SandboxPlan plan = make_command_plan(request, laptop()).value();
    EXPECT_THAT(plan.environment, ElementsAre("PATH=/usr/local/bin:/usr/bin", "A=1"));
    EXPECT_EQ(plan.search_path, "/usr/local/bin:/usr/bin");
    request.environment = {"A=1", "PATH=/opt/bin"};
    plan = make_command_plan(request, laptop()).value();
    EXPECT_THAT(plan.environment, ElementsAre("A=1", "PATH=/opt/bin"));
    EXPECT_EQ(plan.search_path, "/opt/bin");
}

TEST(CommandPlan, AProgramThatOnlyTheHostHasIsExplained) {
    CommandRequest request = request_in("/home/alice/app");
    request.shown_folders = {"/data/tools"};
    EXPECT_THAT(explain_missing_program("/home/alice/venv/bin/python", request, laptop()),
                HasSubstr("home folder /home/alice"));
    EXPECT_THAT(explain_missing_program("/data/other/tool", request, laptop()),
                HasSubstr("--mount"));
    for (const char* program : {"/data/tools/x", "/usr/bin/no", "/home/alice/app/x", "python3"})
        EXPECT_THAT(explain_missing_program(program, request, laptop()), IsEmpty()) << program;
}

TEST(CommandPlan, AProgramInAWorkingDirectoryThatIsSeenEmptyIsExplained) {
    for (const char* folder : {"/tmp", "/home"})
        EXPECT_THAT(explain_missing_program(std::string(folder) + "/app/server", request_in(folder),
                                            laptop()),
                    HasSubstr(std::string("lies in ") + folder + ", which an enclave sees empty"));
    EXPECT_THAT(explain_missing_program("/tmp/app/server", request_in("/tmp/app"), laptop()),
                IsEmpty());
    EXPECT_THAT(explain_missing_program("/data/server", request_in("/"), laptop()),
                HasSubstr("lies outside of"));
}

}  // namespace
}  // namespace glovebox::sandbox
