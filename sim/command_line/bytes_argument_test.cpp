// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/bytes_argument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::command_line {
namespace {

using testing::HasSubstr;

TEST(BytesArgument, IsHexadecimalTextOrAFile) {
    EXPECT_EQ(read_bytes_argument("00ff").value(), Bytes({0x00, 0xff}));
    EXPECT_EQ(read_bytes_argument("").value(), Bytes{});
    EXPECT_EQ(read_bytes_argument("text:ab").value(), Bytes({'a', 'b'}));
    EXPECT_EQ(read_bytes_argument("text:").value(), Bytes{});
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    ASSERT_TRUE(write_file(path, Bytes({1, 2, 3})));
    EXPECT_EQ(read_bytes_argument("@" + path).value(), Bytes({1, 2, 3}));
}

TEST(BytesArgument, AnythingElseIsRefusedWithTheWaysThereAre) {
    EXPECT_THAT(read_bytes_argument("hello").error().message,
                testing::AllOf(HasSubstr("'h' at position 1"), HasSubstr("text:hello")));
    EXPECT_THAT(check_bytes_argument("abc"), HasSubstr("odd number"));
    EXPECT_EQ(check_bytes_argument("@/nonexistent"), "") << "files are opened when it runs";
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/nowhere";
    EXPECT_THAT(read_bytes_argument("@" + path).error().message,
                HasSubstr("cannot open " + path + ": No such file"));
}

TEST(BytesArgument, AFileLargerThanItsLimitIsRefused) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    ASSERT_TRUE(write_file(path, Bytes(11)));
    EXPECT_TRUE(read_file(path, 11));
    EXPECT_THAT(read_file(path, 10).error().message, HasSubstr("more than 10 bytes"));
}

}  // namespace
}  // namespace glovebox::command_line
