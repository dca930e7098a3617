// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/memory_cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::sandbox {
namespace {

namespace fs = std::filesystem;

// A folder that looks like a cgroup2 hierarchy to whoever reads and writes files.
class CgroupTree : public testing::Test {
  protected:
    void add(const std::string& cgroup, const std::string& handed_on) const {
        fs::create_directories(mount_ + cgroup);
        std::ofstream(mount_ + cgroup + "/cgroup.subtree_control") << handed_on << '\n';
        std::ofstream(mount_ + cgroup + "/cgroup.procs") << "";
    }

    TemporaryDirectory temporary_;
    std::string mount_ = temporary_.path();
};

TEST(MemoryCgroup, TheOwnCgroupIsTheLineOfTheUnifiedHierarchy) {
    EXPECT_EQ(parse_own_cgroup("12:memory:/x\n0::/user.slice/a b.scope\n"),
              "/user.slice/a b.scope");
    EXPECT_EQ(parse_own_cgroup("12:memory:/x\n"), "");
    EXPECT_EQ(parse_own_cgroup(""), "");
}

TEST_F(CgroupTree, TheParentIsTheDeepestThatHandsOnMemory) {
    add("", "cpu memory pids");
    add("/user.slice", "memory pids");
    add("/user.slice/app.slice", "memory");
    add("/user.slice/app.slice/shell.scope", "");
    EXPECT_EQ(find_cgroup_parent(mount_, "/user.slice/app.slice/shell.scope"),
              mount_ + "/user.slice/app.slice");
    EXPECT_EQ(find_cgroup_parent(mount_, "/"), mount_);
}

TEST_F(CgroupTree, WithoutTheControllerThereIsNone) {
    add("", "cpu pids");
    add("/a", "memory_recursive");
    EXPECT_EQ(find_cgroup_parent(mount_, "/a"), std::nullopt);
    EXPECT_EQ(find_cgroup_parent(mount_, ""), std::nullopt);
}

TEST_F(CgroupTree, AParentThatIsNotOursToWriteIsPassedOver) {
    if (::geteuid() == 0)
        GTEST_SKIP() << "root may write everywhere; run as an ordinary user";
    add("", "memory");
    add("/a", "memory");
    fs::permissions(mount_ + "/a/cgroup.procs", fs::perms::owner_read);
    EXPECT_EQ(find_cgroup_parent(mount_, "/a"), mount_);
}

TEST_F(CgroupTree, AFolderThatIsNoCgroupIsLeftAsItWas) {
    const auto made = MemoryCgroup::make(mount_, 1U << 20);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message, testing::HasSubstr("memory.max"));
    EXPECT_TRUE(fs::is_empty(mount_));
}

// The real thing needs a kernel whose memory controller is in cgroup v2, and the right to use it.
TEST(MemoryCgroup, HoldsAProcessAndGoesWithItsOwner) {
    const auto parent = find_cgroup_parent();
    if (!parent)
        GTEST_SKIP() << "no cgroup v2 with the memory controller is delegated to this user";
    std::string path;
    {
        auto made = MemoryCgroup::make(*parent, 64U << 20);
        ASSERT_TRUE(made) << made.error().message;
        path = (*made)->path();
        std::ifstream limit(path + "/memory.max");
        std::uint64_t bytes = 0;
        limit >> bytes;
        EXPECT_EQ(bytes, 64U << 20);
    }
    EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace glovebox::sandbox
