#include "sim/cli/number_option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace glovebox::cli {
namespace {

TEST(NumberOption, TheSentenceSaysWhatWasGivenAndWhatWasExpected) {
    const auto pcr = number_between("a PCR", 0, 31);
    for (const char* good : {"0", "9", "31"})
        EXPECT_EQ(pcr(good), "") << good;
    for (const std::string bad :
         {"", "32", "70000", "-1", "x", "1x", " 1", "07", "0x10", "1.0", "18446744073709551616"})
        EXPECT_EQ(pcr(bad),
                  "\"" + bad + "\" is not a PCR: a whole number from 0 to 31 was expected");
}

TEST(NumberOption, ATypesLargestNumberIsNotRecited) {
    const auto count =
        number_between("a number of MiB", 1, std::numeric_limits<std::uint32_t>::max());
    EXPECT_EQ(count("4294967295"), "");
    for (const std::string bad : {"0", "4294967296"})
        EXPECT_EQ(count(bad), "\"" + bad +
                                  "\" is not a number of MiB: a whole number of 1 or more was "
                                  "expected");
}

TEST(NumberOption, AnEnclavesCidIsNoneOfTheWellKnown) {
    EXPECT_EQ(enclave_cid()("4"), "");
    EXPECT_EQ(enclave_cid()("4294967294"), "");
    for (const char* bad : {"3", "4294967295", "any"})
        EXPECT_THAT(enclave_cid()(bad), testing::HasSubstr("from 4 to 4294967294")) << bad;
}

}  // namespace
}  // namespace glovebox::cli
