// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/process_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace glovebox::supervisor {
namespace {

// Two pages, the second of which is not mapped.
class HalfMapped : public ::testing::Test {
  protected:
    HalfMapped()
        : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
          start_(static_cast<std::uint8_t*>(::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE,
                                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
        ::munmap(start_ + page_, page_);
    }
    ~HalfMapped() override { ::munmap(start_, page_); }

    [[nodiscard]] std::uint64_t at(std::size_t offset) const {
        return reinterpret_cast<std::uint64_t>(start_) + offset;
    }

    std::size_t page_;
    std::uint8_t* start_;
};

TEST_F(HalfMapped, IsReadAsFarAsItGoes) {
    std::memset(start_, 7, page_);
    std::uint8_t bytes[64] = {};
    const auto read = read_process_memory(::getpid(), at(page_ - 10), bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, 10u);
    EXPECT_EQ(bytes[9], 7);
    EXPECT_EQ(bytes[10], 0);
    EXPECT_EQ(read_process_memory(::getpid(), at(page_), bytes).error(), Errno{EFAULT});
}

TEST_F(HalfMapped, IsWrittenWholeOrItIsEfault) {
    const std::uint8_t bytes[16] = {1, 2, 3};
    EXPECT_EQ(write_process_memory(::getpid(), at(0), bytes), 0);
    EXPECT_EQ(start_[2], 3);
    EXPECT_EQ(write_process_memory(::getpid(), at(page_ - 8), bytes), EFAULT);
    EXPECT_EQ(write_process_memory(::getpid(), at(page_), {}), 0);
}

TEST_F(HalfMapped, PiecesAreReadAndWrittenUpToTheFirstThatIsNotThere) {
    std::memset(start_, 7, page_);
    std::uint8_t first[8] = {};
    std::uint8_t second[8] = {};
    const std::array<Tracee::Source, 2> sources{{{at(0), first}, {at(page_ - 4), second}}};
    EXPECT_EQ(*read_process_memory(::getpid(), sources), 12U);
    EXPECT_EQ(first[7], 7);
    EXPECT_EQ(second[3], 7);
    EXPECT_EQ(second[4], 0);
    const std::uint8_t bytes[] = {1, 2};
    const std::array<Tracee::Target, 2> good{{{at(0), bytes}, {at(page_ - 2), bytes}}};
    EXPECT_EQ(write_process_memory(::getpid(), good), 0);
    EXPECT_EQ(start_[1], 2);
    EXPECT_EQ(start_[page_ - 1], 2);
    const std::array<Tracee::Target, 2> bad{{{at(page_), bytes}, {at(4), bytes}}};
    EXPECT_EQ(write_process_memory(::getpid(), bad), EFAULT);
    EXPECT_EQ(start_[4], 7) << "nothing behind it is written";
}

TEST_F(HalfMapped, WhatTheProgramMayNotWriteStaysAsItIs) {
    ::mprotect(start_, page_, PROT_READ);
    const std::uint8_t bytes[] = {1};
    EXPECT_EQ(write_process_memory(::getpid(), at(0), bytes), EFAULT);
    EXPECT_EQ(start_[0], 0);
}

}  // namespace
}  // namespace glovebox::supervisor
