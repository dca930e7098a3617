// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/error.h"

#include <gtest/gtest.h>

namespace glovebox::nitro_cli {
namespace {

TEST(NitroError, IsPrintedWithCodeTextAndAddress) {
    const Error error = nitro_error(NitroError::insufficient_memory_requested, "Give more.");
    EXPECT_EQ(text_of(error, ""),
              "[ E26 ] Insufficient memory requested. Give more.\n\nFor more details, please visit "
              "https://docs.aws.amazon.com/enclaves/latest/user/cli-errors.html#E26\n");
    EXPECT_EQ(exit_status_of(error), 26);
}

TEST(NitroError, NamesTheReportThatWasWritten) {
    EXPECT_TRUE(text_of(nitro_error(NitroError::missing_argument), "/log/err.log")
                    .starts_with("[ E01 ] Missing mandatory argument.\n"));
    EXPECT_TRUE(text_of(nitro_error(NitroError::missing_argument), "/log/err.log")
                    .ends_with("please provide the error log found at \"/log/err.log\"\n"));
}

TEST(NitroError, AFilesErrorHasItsSecondLine) {
    EXPECT_EQ(file_error("It is not there.", "/x", "Open").message,
              "File operation failure. It is not there.\nFile: '/x', failing operation: 'Open'.");
}

TEST(NitroError, AnErrorOfAnotherKindHasNoCode) {
    const Error error = errno_error("/x", ENOENT);
    EXPECT_EQ(exit_status_of(error), 1);
    EXPECT_EQ(text_of(error, ""), "glovebox: /x: No such file or directory\n");
}

TEST(NitroError, EveryCodeHasItsLead) {
    for (int number = 0; number <= 60; ++number)
        EXPECT_TRUE(lead_of(number).ends_with('.')) << number;
    EXPECT_EQ(lead_of(61), "");
    EXPECT_EQ(lead_of(-1), "");
}

TEST(Explain, KnowsTheCodesThatAwsKnows) {
    EXPECT_TRUE(explanation_of("E26").starts_with("Insufficient memory requested. "));
    EXPECT_TRUE(explanation_of("E00").starts_with("Unspecified error. "));
    EXPECT_TRUE(explanation_of("E60").starts_with("Signing error. "));
    for (const char* unknown : {"E57", "E58", "E59", "E61", "E99", "26", "E1", "E001", "Exx", ""})
        EXPECT_EQ(explanation_of(unknown), std::string("No such error code ") + unknown);
}

}  // namespace
}  // namespace glovebox::nitro_cli
