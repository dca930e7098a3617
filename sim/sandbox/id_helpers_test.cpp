// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/id_helpers.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace glovebox::sandbox {
namespace {

using ::testing::HasSubstr;

TEST(IdHelpers, ARefusalIsSaidInOneErrorAndNowhereElse) {
    if (find_helper("newuidmap").empty() || find_helper("newgidmap").empty())
        GTEST_SKIP() << "newuidmap is not installed: ci/setup test";
    const pid_t child = ::fork();
    if (child == 0)
        for (;;)
            ::pause();
    constexpr unsigned nobodys = 4'000'000'000;
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    IdMapping mapping;
    mapping.uids = mapping.gids = {{0, nobodys, 1}};
    mapping.with_helpers = true;
    const auto written = write_id_maps(child, mapping);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message,
                HasSubstr("/newuidmap refused the ids of /etc/subuid and /etc/subgid: uid range "
                          "[0-1) -> [4000000000-4000000001) not allowed. It must be"));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace glovebox::sandbox
