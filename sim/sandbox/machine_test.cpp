// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/machine.h"

#include "sim/sandbox/lies_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace glovebox::sandbox {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Not;

TEST(Machine, MountPointsAreReadWithTheirOctalEscapes) {
    EXPECT_THAT(parse_mount_points("22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
                                   "23 22 0:5 / /mnt/a\\040b\\134c rw shared:1 - tmpfs x rw\n"),
                ElementsAre("/", "/mnt/a b\\c"));
    EXPECT_THAT(parse_mount_points("22 1 254:0\n\n"), IsEmpty());
}

TEST(Machine, APathLiesInAFolderByWholeNames) {
    EXPECT_TRUE(lies_in("/usr/lib", "/usr"));
    EXPECT_TRUE(lies_in("/usr", "/usr"));
    EXPECT_TRUE(lies_in("/usr", "/"));
    EXPECT_FALSE(lies_in("/usrlocal", "/usr"));
    EXPECT_FALSE(lies_in("/", "/usr"));
}

TEST(Machine, AMountBelowAFolderIsFoundAndTheFolderItselfIsNone) {
    Machine machine;
    machine.mount_points = {"/", "/usr", "/etc/hosts"};
    EXPECT_TRUE(machine.has_mounts_below("/etc"));
    EXPECT_FALSE(machine.has_mounts_below("/usr"));
    EXPECT_FALSE(machine.has_mounts_below("/et"));
}

TEST(Machine, ThisOneHasWhatEveryMachineHas) {
    const Machine machine = read_machine("/tmp/", "");
    EXPECT_EQ(machine.ids.uid, ::geteuid());
    EXPECT_THAT(machine.ids.own_uids, Not(IsEmpty()));
    EXPECT_THAT(machine.mount_points, Contains("/"));
    EXPECT_THAT(machine.devices, Contains("null"));
    EXPECT_THAT(machine.top_level, Contains(Field(&TopLevelEntry::name, "usr")));
    EXPECT_THAT(machine.homes, Contains("/tmp")) << "HOME, without its trailing slash";
    EXPECT_THAT(machine.cpus, Not(IsEmpty()));
}

}  // namespace
}  // namespace glovebox::sandbox
