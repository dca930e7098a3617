// SPDX-License-Identifier: Apache-2.0

#include "core/base/user_entry.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

TEST(UserEntry, TheFirstEntryOfTheFileHolds) {
    const TemporaryDirectory folder;
    const std::string path = folder / "passwd";
    std::ofstream(path) << "# a remark\nroot:x:0:0:root:/root:/bin/sh\nbroken line\n"
                           "app:x:61001:61001:An app:/srv/app:/bin/sh\n"
                           "other:x:61001:61001::/srv/other:/bin/sh\n"
                           "last:x:61002:61002::/srv/last:";
    const auto app = find_user(61001, path);
    ASSERT_TRUE(app);
    EXPECT_EQ(app->name, "app");
    EXPECT_EQ(app->home, "/srv/app");
    ASSERT_TRUE(find_user(61002, path));
    EXPECT_EQ(find_user(61002, path)->home, "/srv/last");
    EXPECT_FALSE(find_user(61003, path));
}

TEST(UserEntry, WithoutAFileThereIsNone) {
    const TemporaryDirectory folder;
    EXPECT_FALSE(find_user(0, folder / "absent"));
    std::ofstream(folder / "empty");
    EXPECT_FALSE(find_user(0, folder / "empty"));
}

}  // namespace
}  // namespace glovebox
