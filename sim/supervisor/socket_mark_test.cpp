// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/socket_mark.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {
namespace {

TEST(SocketMark, EveryOneIsReadAsItWasWritten) {
    for (const bool any : {false, true})
        for (const bool local : {false, true})
            for (const bool disconnecting : {false, true})
                for (const bool connecting : {false, true})
                    for (const bool error_pending : {false, true})
                        for (const bool is_new : {false, true}) {
                            const SocketMark mark{any,        local,         disconnecting,
                                                  connecting, error_pending, is_new};
                            EXPECT_EQ(decode_mark(encode(mark)), mark);
                        }
}

TEST(SocketMark, OtherRatesAreNone) {
    for (const std::uint64_t rate : {std::uint64_t{0}, std::uint64_t{125'000'000},
                                     ~std::uint64_t{0}, std::uint64_t{0xffffffff}})
        EXPECT_FALSE(decode_mark(rate));
}

TEST(SocketMark, StaysWithTheSocketAcrossDuplicates) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_FALSE(read_mark(socket.get()));
    const SocketMark mark{.disconnecting = true};
    ASSERT_EQ(set_mark(socket.get(), mark), 0);
    const UniqueFd duplicate(::dup(socket.get()));
    EXPECT_EQ(read_mark(duplicate.get()), mark);
}

TEST(SocketMark, WhatIsNoSocketHasNone) {
    EXPECT_FALSE(read_mark(-1));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const UniqueFd input(ends[0]);
    const UniqueFd output(ends[1]);
    EXPECT_FALSE(read_mark(input.get()));
}

}  // namespace
}  // namespace glovebox::supervisor
