// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <string>

#include "core/base/error.h"
#include "sim/command_line/exit_status.h"

namespace glovebox::command_line {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string written(const std::string& text, bool in_json) {
    testing::internal::CaptureStderr();
    write_failure("glovebox", text, in_json);
    return testing::internal::GetCapturedStderr();
}

std::string reported(const std::exception& exception) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(report_failure("glovebox", exception, false), exit_failed);
    return testing::internal::GetCapturedStderr();
}

TEST(Failure, IsATextAsItIsOrTheMessageOfALine) {
    EXPECT_EQ(written("glovebox: no\n", false), "glovebox: no\n");
    EXPECT_THAT(written("glovebox: say \"no\"\n", true),
                AllOf(StartsWith("{\"time\":\""),
                      EndsWith("\"level\":\"error\",\"component\":\"glovebox\",\"event\":"
                               "\"failed\",\"message\":\"say \\\"no\\\"\"}\n")));
}

TEST(Failure, OfSeveralLinesIsOneLineOfJson) {
    EXPECT_THAT(written("glovebox up: no option\nTry \"glovebox up --help\".\n", true),
                EndsWith("\"message\":\"glovebox up: no option\\nTry \\\"glovebox up "
                         "--help\\\".\"}\n"));
}

TEST(Failure, IsInJsonForACommandThatHasTheOptionBeforeItsProgram) {
    const Command logged{.name = "logged", .options = {{.name = "--log-json", .kind = Kind::flag}}};
    const Command other{.name = "other"};
    EXPECT_TRUE(fails_in_json(Path{&logged}, {"file", "--log-json"}));
    EXPECT_FALSE(fails_in_json(Path{&logged}, {"file", "--", "--log-json"}));
    EXPECT_FALSE(fails_in_json(Path{&logged}, {"file"}));
    EXPECT_FALSE(fails_in_json(Path{&other}, {"--log-json"}));
}

TEST(Failure, OfAnExceptionIsItsSentenceAndIsBounded) {
    EXPECT_EQ(reported(ErrorException(invalid_input("x is no y"))), "glovebox: x is no y\n");
    EXPECT_THAT(reported(std::bad_alloc()), HasSubstr("more memory than there is"));
    EXPECT_LT(reported(std::runtime_error(std::string(1 << 20, 'a'))).size(), std::size_t{17000});
}

}  // namespace
}  // namespace glovebox::command_line
