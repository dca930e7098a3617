// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/root_fs_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
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

constexpr RootFsFacts docker_export{.is_directory = true, .has_etc = true, .has_mtab = false};

RootFsRequest image() {
    RootFsRequest request;
    request.directory = "/srv/image";
    request.command = {"python3", "/app/server.py"};
    request.environment = {"PATH=/usr/local/bin:/usr/bin", "LANG=C"};
    return request;
}

TEST(RootFsPlan, ArgumentsAndEnvironmentAreTheLinesOfCmdAndEnv) {
    const SandboxPlan plan = make_root_fs_plan(image(), docker_export, Machine{}).value();
    EXPECT_THAT(plan.arguments, ElementsAre("python3", "/app/server.py"));
    EXPECT_THAT(plan.environment, ElementsAre("PATH=/usr/local/bin:/usr/bin", "LANG=C"));
    EXPECT_EQ(plan.working_directory, "/");
    EXPECT_EQ(plan.umask, 022U);
    EXPECT_TRUE(plan.like_aws_init);
}

TEST(RootFsPlan, TheProgramIsNeverSearchedInTheImagesPath) {
    EXPECT_EQ(make_root_fs_plan(image(), docker_export, Machine{}).value().search_path,
              "/sbin:/usr/sbin:/bin:/usr/bin");
}

TEST(RootFsPlan, WithoutCmdAndEnvThereAreAShellAndADefaultPath) {
    RootFsRequest request = image();
    request.command.clear();
    request.environment.clear();
    const SandboxPlan plan = make_root_fs_plan(request, docker_export, Machine{}).value();
    EXPECT_THAT(plan.arguments, ElementsAre("sh"));
    EXPECT_THAT(plan.environment, ElementsAre("PATH=/sbin:/usr/sbin:/bin:/usr/bin"));
}

TEST(RootFsPlan, AContainersFileSystemIsChangedAsNitroCliBuildsIt) {
    const auto lines = to_lines(make_root_fs_plan(image(), docker_export, Machine{}).value().steps);
    for (const char* line :
         {"whiteout stage:/upper/rootfs/.dockerenv",
          "symlink stage:/upper/rootfs/etc/resolv.conf -> /run/resolvconf/resolv.conf",
          "write stage:/upper/rootfs/etc/hosts 644", "whiteout stage:/upper/rootfs/etc/hostname",
          "symlink stage:/upper/rootfs/etc/mtab -> /proc/mounts"})
        EXPECT_THAT(lines, Contains(line));
    RootFsFacts without_etc = docker_export;
    without_etc.has_etc = false;
    EXPECT_THAT(to_lines(make_root_fs_plan(image(), without_etc, Machine{}).value().steps),
                Each(Not(HasSubstr("/etc"))));
}

TEST(RootFsPlan, AnImagesRamdiskIsTakenAsItIs) {
    RootFsRequest request = image();
    request.as_nitro_cli_builds = false;
    const auto lines = to_lines(make_root_fs_plan(request, docker_export, Machine{}).value().steps);
    EXPECT_THAT(lines, Each(Not(HasSubstr("stage:/upper/rootfs/"))));
    EXPECT_THAT(lines, Contains(StartsWith("mount overlay stage:/root ")));
    EXPECT_THAT(lines, Contains("enter root"));
}

TEST(RootFsPlan, ADirectoryThatIsNoneIsRefused) {
    const auto plan = make_root_fs_plan(image(), RootFsFacts{}, Machine{});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, SandboxError::bad_request);
    EXPECT_THAT(plan.error().message, HasSubstr("/srv/image is not a directory"));
}

TEST(RootFsPlan, LinesAreReadAsAwsInitReadsThem) {
    EXPECT_THAT(read_init_lines("python3\n/app/server.py\n"),
                ElementsAre("python3", "/app/server.py"));
    EXPECT_THAT(read_init_lines("a\n\nb"), ElementsAre("a", "", "b")) << "an empty line is an item";
    EXPECT_THAT(read_init_lines("say \"x y\"\n"), ElementsAre("say \"x y\""))
        << "nothing is quoted";
    EXPECT_THAT(read_init_lines(std::string_view("a\0b\nc\n", 6)), ElementsAre("a", "c"));
    EXPECT_THAT(read_init_lines("\n"), ElementsAre(""));
    EXPECT_THAT(read_init_lines(""), IsEmpty());
}

TEST(RootFsPlan, AProgramInTheImagesPathIsFoundForTheSentence) {
    namespace fs = std::filesystem;
    const TemporaryDirectory directory;
    const std::string& pattern = directory.path();
    fs::create_directories(pattern + "/usr/local/bin");
    std::ofstream(pattern + "/usr/local/bin/python3") << "";
    RootFsRequest request = image();
    request.directory = pattern;
    EXPECT_EQ(find_in_image_path(request), "/usr/local/bin/python3");
    request.command = {"/usr/local/bin/python3"};
    EXPECT_EQ(find_in_image_path(request), "") << "a name with a '/' is not searched";
    request.command = {"ruby"};
    EXPECT_EQ(find_in_image_path(request), "");
    const RootFsFacts facts = read_root_fs(pattern);
    EXPECT_TRUE(facts.is_directory);
    EXPECT_FALSE(facts.has_etc);
    EXPECT_FALSE(read_root_fs(pattern + "/usr/local/bin/python3").is_directory);
    fs::remove_all(pattern);
}

}  // namespace
}  // namespace glovebox::sandbox
