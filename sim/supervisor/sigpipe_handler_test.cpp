// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/sigpipe_handler.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstring>

#if defined(__x86_64__)

namespace glovebox::supervisor::sigpipe_handler {
namespace {

constexpr std::uint64_t default_handler = 0;
constexpr std::uint64_t ignore = 1;

TEST(SigpipeHandler, ItsCodeFitsAPageAndBeginsWithTheMark) {
    ASSERT_LT(code().size(), page_bytes);
    std::uint64_t begin = 0;
    std::memcpy(&begin, code().data(), sizeof begin);
    EXPECT_EQ(begin, mark);
}

TEST(SigpipeHandler, StandsBeforeTheDefaultAndBeforeAHandlerWhichAreReadBack) {
    const KernelAction by_default{default_handler, 0, 0, 0};
    const KernelAction own{0x5555'0000, SA_RESTART, 0x5555'1000, 0x200};
    for (const KernelAction& set : {by_default, own}) {
        const KernelAction kernels = to_kernel(set);
        EXPECT_GT(kernels.handler, code_address);
        EXPECT_LT(kernels.handler, data_address);
        EXPECT_NE(kernels.flags & SA_SIGINFO, 0u);
        EXPECT_EQ(to_program(kernels, set), set);
    }
    EXPECT_EQ(to_kernel(own).mask, own.mask);
    EXPECT_EQ(to_kernel(own).restorer, own.restorer);
    EXPECT_TRUE(is_forwarded(own));
    EXPECT_FALSE(is_forwarded(by_default));
}

TEST(SigpipeHandler, LeavesAloneWhatIgnoresAndWhatIsCalledOnce) {
    const KernelAction ignores{ignore, 0, 0, 0};
    const KernelAction once{0x5555'0000, SA_RESETHAND, 0x5555'1000, 0};
    for (const KernelAction& set : {ignores, once}) {
        EXPECT_EQ(to_kernel(set), set);
        EXPECT_EQ(to_program(set, {}), set);
        EXPECT_FALSE(is_forwarded(set));
    }
}

}  // namespace
}  // namespace glovebox::supervisor::sigpipe_handler

#endif
