// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/room_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::enclave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RoomSettings, TheLastVariableOfANameHolds) {
    RoomSettings settings;
    ::setenv("GLOVEBOX_ROOM_TEST", "here", 1);
    settings.environment = {"A=1", "AB=2", "GLOVEBOX_ROOM_TEST", "A=3=4"};
    EXPECT_THAT(settings.variables().value(),
                ElementsAre("AB=2", "GLOVEBOX_ROOM_TEST=here", "A=3=4"));
    ::unsetenv("GLOVEBOX_ROOM_TEST");
    const auto refused = settings.variables();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("--env GLOVEBOX_ROOM_TEST=VALUE"));
    settings.environment = {"=x"};
    EXPECT_FALSE(settings.variables());
}

TEST(RoomSettings, ARoomIsAWishUnlessItWasAskedFor) {
    EXPECT_TRUE(RoomSettings{}.is_a_wish());
    EXPECT_FALSE(RoomSettings{.isolation = "sandbox"}.is_a_wish());
    EXPECT_FALSE(RoomSettings{.root_fs = "/srv"}.is_a_wish());
    EXPECT_TRUE(RoomSettings{.isolation = "none"}.is_none());
}

TEST(RoomRequest, FoldersHaveToBeThere) {
    const TemporaryDirectory scratch;
    for (const RoomSettings& settings :
         {RoomSettings{.root_fs = scratch / "none"}, RoomSettings{.mounts = {scratch / "none"}}}) {
        const auto request = RoomRequest::make(settings, {"true"}, {}, "", std::nullopt);
        ASSERT_FALSE(request);
        EXPECT_THAT(request.error().message, HasSubstr("none: a directory that exists"));
    }
}

}  // namespace
}  // namespace glovebox::enclave
