// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/path_walk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <latch>
#include <thread>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::supervisor {
namespace {

class PathWalk : public ::testing::Test {
  protected:
    PathWalk() {
        std::filesystem::create_directory(folder_ + "/inner");
        EXPECT_EQ(::symlink("inner", (folder_ + "/link").c_str()), 0);
        EXPECT_EQ(::symlink("target", (folder_ + "/inner/end").c_str()), 0);
    }

    // Where the walk ended, as the kernel names it.
    static std::string walked(const std::string& path, bool follows_last = true,
                              int directory = AT_FDCWD) {
        const auto end = walk_path(::gettid(), directory, path, follows_last);
        if (!end)
            return "";
        return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(end->folder.get()))
                   .string() +
               "/" + end->name;
    }

    TemporaryDirectory temporary_;
    std::string folder_ = temporary_.path();
};

TEST_F(PathWalk, FollowsLinksOnTheWayAndAtTheEnd) {
    EXPECT_EQ(walked(folder_ + "/link/absent"), folder_ + "/inner/absent");
    EXPECT_EQ(walked(folder_ + "/link/end"), folder_ + "/inner/target");
    EXPECT_EQ(walked(folder_ + "/link/end", false), "");
    EXPECT_EQ(walked(folder_ + "/link/../other"), folder_ + "/other");
    EXPECT_EQ(walked(folder_ + "/absent/other"), "");
    EXPECT_EQ(walked(folder_ + "/link/"), "");
}

TEST_F(PathWalk, BeginsWhereTheCallDoes) {
    const UniqueFd folder(::open(folder_.c_str(), O_PATH | O_CLOEXEC));
    EXPECT_EQ(walked("link/x", true, folder.get()), folder_ + "/inner/x");
    EXPECT_EQ(walked("x"), std::filesystem::current_path().string() + "/x");
    EXPECT_EQ(walked("/proc/self/cwd/x"), walked("x"));
}

TEST_F(PathWalk, StaysInTheThreadsRoot) {
    EXPECT_EQ(walked("/../../proc/version"), "/proc/version");
    EXPECT_EQ(walked("/proc/self/root/../proc/version"), "/proc/version");
}

TEST_F(PathWalk, SeesTheOtherThreadsOwnSelf) {
    std::latch known(1);
    std::latch done(1);
    pid_t other = 0;
    std::thread thread([&] {
        other = ::gettid();
        known.count_down();
        done.wait();
    });
    known.wait();
    const auto end = walk_path(other, AT_FDCWD, "/proc/self/status", true);
    ASSERT_TRUE(end);
    EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(end->folder.get())),
              "/proc/" + std::to_string(other));
    done.count_down();
    thread.join();
}

TEST_F(PathWalk, TellsLinksToFilesThemselves) {
    const auto end = walk_path(::gettid(), AT_FDCWD, "/dev/fd/0", true);
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->is_file_link);
    EXPECT_EQ(end->name, "0");
}

TEST_F(PathWalk, OpensTheFileAtTheEnd) {
    const UniqueFd folder(::open(folder_.c_str(), O_PATH | O_CLOEXEC));
    const UniqueFd inner(::open((folder_ + "/inner").c_str(), O_PATH | O_CLOEXEC));
    UniqueFd target(::open((folder_ + "/inner/target").c_str(), O_CREAT | O_WRONLY, 0600));
    EXPECT_EQ(::symlink((folder_ + "/link/target").c_str(), (folder_ + "/far").c_str()), 0);
    const auto opened = [&](const std::string& path, int directory = AT_FDCWD,
                            bool follows_last = true) {
        const UniqueFd file = open_path_end(::gettid(), directory, path, follows_last);
        std::error_code code;
        return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file.get()), code)
            .string();
    };
    const std::string expected = folder_ + "/inner/target";
    for (const std::string path : {"/link/target", "/inner/end", "/far", "/inner/../link/end"})
        EXPECT_EQ(opened(folder_ + path), expected) << path;
    EXPECT_EQ(opened("/../.." + folder_ + "/far"), expected) << "stays in the root";
    // As many steps up as lead to the root from wherever the test is run.
    std::string up = "/proc/self/cwd";
    for (const auto& part : std::filesystem::current_path())
        up += part.empty() ? "" : "/..";
    EXPECT_EQ(opened(up + expected), expected);
    EXPECT_EQ(opened("/dev/fd/" + std::to_string(target.get())), expected);
    EXPECT_EQ(opened("link/end", folder.get()), expected);
    EXPECT_EQ(opened("far", folder.get()), expected) << "an absolute link";
    EXPECT_EQ(opened("../far", inner.get()), expected) << "out of where it starts";
    EXPECT_EQ(opened("far", folder.get(), false), folder_ + "/far") << "the link itself";
    EXPECT_EQ(opened(folder_ + "/absent"), "");
    EXPECT_EQ(opened("target", target.get()), "");
}

TEST_F(PathWalk, OneLookTellsALinkAtTheEnd) {
    const UniqueFd folder(::open(folder_.c_str(), O_PATH | O_CLOEXEC));
    for (const bool shares_root : {true, false}) {
        const auto look = [&](const std::string& path, int directory = AT_FDCWD) {
            return link_at_end(::gettid(), directory, path, shares_root).value_or("none");
        };
        EXPECT_EQ(look(folder_ + "/link"), "inner");
        EXPECT_EQ(look(folder_ + "/link/end"), "target");
        EXPECT_EQ(look("link", folder.get()), "inner");
        EXPECT_EQ(look(folder_ + "/inner"), "none");
        EXPECT_EQ(look(folder_ + "/absent"), "none");
        EXPECT_EQ(look("absent"), "none");
        EXPECT_EQ(look(""), "none");
    }
}

}  // namespace
}  // namespace glovebox::supervisor
