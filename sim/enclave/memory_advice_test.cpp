// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/memory_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::enclave {
namespace {

constexpr std::uint64_t mib = 1 << 20;

std::string advice(Runtime runtime, std::uint64_t memory_mib) {
    return advise_on_memory(runtime, memory_mib * mib).value_or("");
}

TEST(MemoryAdvice, SaysWhatAGoProgramNeedsToStart) {
    EXPECT_EQ(advice(Runtime::go, 63),
              "--memory 63 is too little for a Go program, which needs about 64 MiB to start: give "
              "--memory 64 or more");
    EXPECT_EQ(advice(Runtime::go, 64), "");
}

TEST(MemoryAdvice, SaysWhatAJavaProgramNeeds) {
    EXPECT_THAT(advice(Runtime::java, 64),
                testing::StartsWith("--memory 64 is too little for a Java program"));
    EXPECT_EQ(advice(Runtime::java, 512), "");
}

TEST(MemoryAdvice, OtherProgramsGetNone) {
    EXPECT_FALSE(advise_on_memory(std::nullopt, 1 * mib));
}

class FindRuntime : public testing::Test {
  protected:
    std::string write(const std::string& content) {
        const std::string path = temporary_.path() + "/program";
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    TemporaryDirectory temporary_;
};

TEST_F(FindRuntime, FindsMarksWhereverTheyLie) {
    for (const std::size_t before : {0, 100, (1 << 20) - 5, (2 << 20) - 1, 3 << 20}) {
        const std::string text(before, 'x');
        EXPECT_EQ(find_runtime(write(text + "\xff Go buildinf:y")), Runtime::go) << before;
        EXPECT_EQ(find_runtime(write(text + "libjli.so")), Runtime::java) << before;
    }
}

TEST_F(FindRuntime, FindsNoneInOtherFiles) {
    EXPECT_EQ(find_runtime(write("\x7f"
                                 "ELF Go buildinf")),
              std::nullopt);
    EXPECT_EQ(find_runtime(write("")), std::nullopt);
    EXPECT_EQ(find_runtime(temporary_.path()), std::nullopt);
    EXPECT_EQ(find_runtime("/nonexistent"), std::nullopt);
}

}  // namespace
}  // namespace glovebox::enclave
