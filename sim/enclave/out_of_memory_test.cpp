// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/out_of_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/enclave/other_program_fixture.h"

namespace glovebox::enclave {
namespace {

constexpr std::uint64_t enclave_kib = 1000 * 1000;

ProcessMemory process(pid_t id, std::uint64_t resident_kib, int adjustment = 0) {
    return {.process = id, .name = "app", .resident_kib = resident_kib, .adjustment = adjustment};
}

TEST(OutOfMemory, TheLargestProcessIsKilled) {
    EXPECT_EQ(choose_victim({process(2, 10), process(3, 30), process(4, 20)}, enclave_kib)->process,
              3);
    ProcessMemory swapped = process(5, 10);
    swapped.swapped_kib = 15;
    swapped.page_tables_kib = 6;
    EXPECT_EQ(choose_victim({process(3, 30), swapped}, enclave_kib)->process, 5);
}

TEST(OutOfMemory, AnAdjustmentCountsInThousandthsOfTheEnclave) {
    EXPECT_EQ(choose_victim({process(2, 10, 1), process(3, 900)}, enclave_kib)->process, 2);
    EXPECT_EQ(choose_victim({process(2, 1200, -1), process(3, 300)}, enclave_kib)->process, 3);
}

TEST(OutOfMemory, NobodyIsLeftToKill) {
    EXPECT_EQ(choose_victim({process(2, 500'000, -1000)}, enclave_kib), std::nullopt);
    EXPECT_EQ(choose_victim({}, enclave_kib), std::nullopt);
}

TEST(OutOfMemory, AProcessIsReadFromItsStatus) {
    const std::string status =
        "Name:\tpython3\nVmPeak:\t  9 kB\nVmRSS:\t   2048 kB\nVmPTE:\t     52 kB\n"
        "VmSwap:\t      1 kB\n";
    EXPECT_EQ(parse_process_memory(7, status, "-200\n"),
              (ProcessMemory{7, "python3", 2048, 1, 52, -200}));
    EXPECT_EQ(parse_process_memory(7, "Name:\tended\nState:\tZ\n", ""), std::nullopt);
}

TEST(OutOfMemory, OneOfTheEnclavesProcessesIsKilled) {
    const OtherProgram program;
    const pid_t helper = ::fork();
    if (helper == 0)  // of this process, which stands for `glovebox run`; as large as it
        for (;;)
            ::pause();
    EnclaveRecord record;
    record.process = ::getpid();
    const auto victim = run_out_of_memory(record).value();
    ASSERT_TRUE(victim);
    EXPECT_EQ(victim->process, program.process());
    ::kill(helper, SIGKILL);
    ::waitpid(helper, nullptr, 0);
}

}  // namespace
}  // namespace glovebox::enclave
