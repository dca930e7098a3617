// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/tracee.h"

#include <gtest/gtest.h>

#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

TEST(TraceePath, EndsAtItsZeroAlsoBesideWhatIsNotMapped) {
    testing::FakeTracee tracee;
    tracee.put_text(0x1ff0, "/dev/nsm");
    EXPECT_EQ(*tracee.read_path(0x1ff0), "/dev/nsm");
}

TEST(TraceePath, MayBeLongerThanOneRead) {
    testing::FakeTracee tracee;
    const std::string path(4095, 'x');
    tracee.put_text(0x1234, path);
    EXPECT_EQ(*tracee.read_path(0x1234), path);
}

TEST(TraceePath, FailsAsTheKernelsDoes) {
    testing::FakeTracee tracee;
    EXPECT_EQ(tracee.read_path(0x1000).error(), Errno{EFAULT});
    tracee.memory[0x1000].assign(10, 'x');  // no zero before the end of what is mapped
    EXPECT_EQ(tracee.read_path(0x1000).error(), Errno{EFAULT});
    tracee.put_text(0x10000, std::string(4096, 'x'));
    EXPECT_EQ(tracee.read_path(0x10000).error(), Errno{ENAMETOOLONG});
}

TEST(Tracee, AReadIsWholeOrEfault) {
    testing::FakeTracee tracee;
    tracee.put(0x1000, std::uint32_t{7});
    EXPECT_EQ(*tracee.read_value<std::uint32_t>(0x1000), 7u);
    EXPECT_EQ(tracee.read_value<std::uint64_t>(0x1000).error(), Errno{EFAULT});
}

}  // namespace
}  // namespace glovebox::supervisor
