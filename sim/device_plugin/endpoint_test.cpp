// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::device_plugin {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class EndpointTest : public testing::Test {
  protected:
    TemporaryDirectory directory_;
    fs::path path_ = fs::path(directory_.path()) / "plugin.sock";
};

TEST_F(EndpointTest, IsRemovedWithItsOwner) {
    {
        Endpoint endpoint(path_);
        EXPECT_EQ(endpoint.owner(), Endpoint::Owner::nobody);
        ASSERT_TRUE(endpoint.listen());
        EXPECT_EQ(endpoint.owner(), Endpoint::Owner::this_one);
    }
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(EndpointTest, IsNotTakenFromARunningPlugin) {
    Endpoint first(path_);
    ASSERT_TRUE(first.listen());
    Endpoint second(path_);
    const auto listened = second.listen();
    ASSERT_FALSE(listened);
    EXPECT_THAT(listened.error().message, HasSubstr("a running device plugin listens there"));
    EXPECT_EQ(first.owner(), Endpoint::Owner::this_one);
}

TEST_F(EndpointTest, ReplacesWhatADeadPluginHasLeft) {
    const fs::path kept = fs::path(directory_.path()) / "kept";
    {
        Endpoint dead(path_);
        ASSERT_TRUE(dead.listen());
        fs::rename(path_, kept);
    }
    fs::rename(kept, path_);
    Endpoint endpoint(path_);
    EXPECT_TRUE(endpoint.listen());
}

TEST_F(EndpointTest, ListensAgainAfterItsNameWasDeleted) {
    Endpoint endpoint(path_);
    ASSERT_TRUE(endpoint.listen());
    fs::remove(path_);
    EXPECT_EQ(endpoint.owner(), Endpoint::Owner::nobody);
    ASSERT_TRUE(endpoint.listen());
    EXPECT_EQ(endpoint.owner(), Endpoint::Owner::this_one);
}

TEST_F(EndpointTest, LeavesTheSocketOfAnother) {
    Endpoint other(path_);
    {
        Endpoint endpoint(path_);
        ASSERT_TRUE(endpoint.listen());
        fs::remove(path_);
        ASSERT_TRUE(other.listen());
        EXPECT_EQ(endpoint.owner(), Endpoint::Owner::another);
    }
    EXPECT_EQ(other.owner(), Endpoint::Owner::this_one);
}

TEST_F(EndpointTest, IsNotMadeOverAFileOrBehindALongPath) {
    std::ofstream(path_) << "kept";
    EXPECT_FALSE(Endpoint(path_).listen());
    EXPECT_TRUE(fs::exists(path_));
    const auto listened = Endpoint(path_.parent_path() / std::string(200, 'x')).listen();
    EXPECT_THAT(listened.error().message, HasSubstr("File name too long"));
}

}  // namespace
}  // namespace glovebox::device_plugin
