// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/vsock_options.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace glovebox::supervisor {
namespace {

using namespace std::chrono_literals;

TEST(VsockOptions, TheBufferSizeStaysBetweenItsLimits) {
    VsockOptions options;
    options.set_buffer_size(1 << 20);
    EXPECT_EQ(options.buffer_size, 256u * 1024);
    options.set_buffer_size(1);
    EXPECT_EQ(options.buffer_size, 128u);
    options.set_buffer_min_size(4096);
    EXPECT_EQ(options.buffer_size, 4096u);
    options.set_buffer_max_size(1024);  // below the minimum: it wins
    EXPECT_EQ(options.buffer_size, 1024u);
}

TEST(VsockOptions, TheTimeoutIsInTicksOfFourMilliseconds) {
    VsockOptions options;
    EXPECT_EQ(options.set_connect_timeout(0, 300'001), 0);
    EXPECT_EQ(options.connect_timeout, 304ms);
    EXPECT_EQ(options.set_connect_timeout(0, 0), 0);
    EXPECT_EQ(options.connect_timeout, 2s);
    EXPECT_EQ(options.set_connect_timeout(-1, 0), ERANGE);
    EXPECT_EQ(options.set_connect_timeout(0, 1'000'000), ERANGE);
}

TEST(VsockOptionTable, KeepsWhatIsNotDefault) {
    VsockOptionTable table;
    EXPECT_TRUE(table.is_empty());
    VsockOptions options;
    options.set_buffer_size(4096);
    table.set(7, options);
    EXPECT_EQ(table.get(7), options);
    EXPECT_EQ(table.get(8), VsockOptions{});
    table.set(7, {});
    EXPECT_TRUE(table.is_empty());
}

TEST(VsockOptionTable, ForgetsTheSocketsThatWereUsedLongestAgo) {
    VsockOptionTable table;
    VsockOptions options;
    options.set_buffer_size(4096);
    for (std::uint64_t cookie = 0; cookie < 10'000; ++cookie) {
        table.set(cookie, options);
        EXPECT_EQ(table.get(0), options) << "after " << cookie;  // used all the time
    }
    EXPECT_EQ(table.get(1), VsockOptions{});
    EXPECT_EQ(table.get(9'999), options);
}

}  // namespace
}  // namespace glovebox::supervisor
