// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/out_of_memory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

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

// This process stands for `glovebox run`.
class OutOfMemoryOfARun : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
        record_.process = ::getpid();
        record_.isolation = "none";
    }
    void TearDown() override {
        for (const pid_t process : {program_, child_, other_child_})
            if (process != 0)
                ::kill(process, SIGKILL);
        while (::wait(nullptr) > 0) {
        }
    }
    // The next number that a child has written; 0 when all of them have ended or executed a program.
    pid_t read_process() {
        pid_t process = 0;
        (void)!::read(ends_[0], &process, sizeof process);
        return process;
    }
    [[noreturn]] void write_and_stay(pid_t process) {
        (void)!::write(ends_[1], &process, sizeof process);
        for (;;)
            ::pause();
    }

    int ends_[2] = {-1, -1};
    EnclaveRecord record_;
    pid_t child_ = 0;
    pid_t other_child_ = 0;
    pid_t program_ = 0;
};

TEST_F(OutOfMemoryOfARun, ItsOwnProcessesAreSpared) {
    child_ = ::fork();
    if (child_ == 0) {
        const pid_t program = ::fork();
        if (program == 0)
            for (;;)
                ::pause();
        write_and_stay(program);
    }
    program_ = read_process();
    other_child_ = ::fork();
    if (other_child_ == 0) {
        const std::vector<char> memory(64 << 20, 1);
        write_and_stay(memory[1]);
    }
    EXPECT_EQ(read_process(), 1);
    const auto victim = run_out_of_memory(record_).value();
    ASSERT_TRUE(victim);
    EXPECT_EQ(victim->process, program_);
}

TEST_F(OutOfMemoryOfARun, AChildThatExecutesAnotherProgramIsOfTheEnclave) {
    int input[2];
    ASSERT_EQ(::pipe2(input, O_CLOEXEC), 0);
    child_ = ::fork();
    if (child_ == 0) {
        ::dup2(input[0], STDIN_FILENO);
        ::execl("/bin/cat", "cat", nullptr);
        ::_exit(127);
    }
    ::close(ends_[1]);
    EXPECT_EQ(read_process(), 0);
    const auto victim = run_out_of_memory(record_).value();
    ASSERT_TRUE(victim);
    EXPECT_EQ(victim->process, child_);
    ::close(input[0]);
    ::close(input[1]);
}

}  // namespace
}  // namespace glovebox::enclave
