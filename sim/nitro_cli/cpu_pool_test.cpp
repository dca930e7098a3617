// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/cpu_pool.h"

#include <gmock/gmock.h>

#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Cpus = std::vector<std::uint32_t>;

const Cpus pool{1, 2, 3, 9, 10, 11};

TEST(CpuList, IsNumbersAndRangesInTheKernelsNotation) {
    EXPECT_EQ(parse_cpu_list("2,3,6-9").value(), (Cpus{2, 3, 6, 7, 8, 9}));
    EXPECT_EQ(parse_cpu_list("5,1-2,2\n").value(), (Cpus{1, 2, 5}));
    EXPECT_EQ(parse_cpu_list("").value(), Cpus{});
}

TEST(CpuList, OtherTextHasItsCode) {
    for (const char* text : {"a", "1,b", "1,,2", "-3", "1-", "99999999999", "1 2"})
        EXPECT_EQ(parse_cpu_list(text).error().code, NitroError::malformed_cpu_id) << text;
    EXPECT_EQ(parse_cpu_list("1-2-3").error().code, NitroError::cpu_error);
    // No list of CPUs fills the memory.
    EXPECT_EQ(parse_cpu_list("0-4294967295").error().code, NitroError::malformed_cpu_id);
}

TEST(ChooseCpus, AChosenIdMustBeThereAndOnce) {
    EXPECT_THAT(choose_cpus({.ids = {3, 1}}, pool, {}).value(), ElementsAre(3, 1));
    const auto twice = choose_cpus({.ids = {1, 3, 1}}, pool, {});
    EXPECT_EQ(twice.error().code, NitroError::invalid_cpu_configuration);
    EXPECT_EQ(twice.error().message,
              "Invalid CPU configuration. User provided `cpu-ids` contains "
              "same CPU(s) (CPU(s) 1) multiple times.");
    const auto foreign = choose_cpus({.ids = {1, 4}}, pool, {});
    EXPECT_EQ(foreign.error().code, NitroError::no_such_cpu);
    EXPECT_THAT(foreign.error().message,
                HasSubstr("`cpu-ids` contains CPU 4, which is not available in the pool."));
}

TEST(ChooseCpus, ACountIsHeldAgainstThePoolFirstAndThenAgainstWhatIsFree) {
    EXPECT_THAT(choose_cpus({.count = 2}, pool, {1, 9}).value(), ElementsAre(2, 3));
    const auto too_many = choose_cpus({.count = 7}, pool, {});
    EXPECT_EQ(too_many.error().code, NitroError::insufficient_cpus);
    EXPECT_THAT(too_many.error().message,
                HasSubstr("`cpu-count` is 7, which is more than the configured CPU pool size."));
    EXPECT_EQ(choose_cpus({.count = 6}, pool, {1}).error().code, NitroError::ioctl_failure);
}

TEST(ChooseCpus, TheDriverRefusesWhatIsInUseNothingAndHalfACore) {
    EXPECT_EQ(choose_cpus({.ids = {2}}, pool, {2}).error().code, NitroError::ioctl_failure);
    EXPECT_EQ(choose_cpus({.count = 0}, pool, {}).error().code, NitroError::ioctl_failure);
    EXPECT_EQ(choose_cpus({.count = 3, .whole_cores = true}, pool, {}).error().code,
              NitroError::ioctl_failure);
    EXPECT_TRUE(choose_cpus({.count = 3}, pool, {}).has_value());
    EXPECT_TRUE(choose_cpus({.count = 4, .whole_cores = true}, pool, {}).has_value());
}

}  // namespace
}  // namespace glovebox::nitro_cli
