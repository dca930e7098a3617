// SPDX-License-Identifier: Apache-2.0

#include "transports/socket_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/base/random_source.h"

namespace glovebox::transports {
namespace {

using core::VsockAddress;

TEST(SocketName, IsCidDotPort) {
    EXPECT_EQ(socket_name({16, 5005}), "16.5005");
    EXPECT_EQ(socket_name({0, 4294967294}), "0.4294967294");
    EXPECT_EQ(local_socket_name(16, 5005), "16.local.5005");
}

TEST(SocketName, IsReadFromTheLastComponentOnly) {
    EXPECT_EQ(parse_socket_name("16.5005"), (VsockAddress{16, 5005}));
    EXPECT_EQ(parse_socket_name("/proc/self/fd/7/16.5005"), (VsockAddress{16, 5005}));
    EXPECT_EQ(parse_socket_name("/17.1/16.0"), (VsockAddress{16, 0}));
}

TEST(SocketName, AnyOtherFormNamesNobody) {
    for (const char* name : {"",
                             "/",
                             ".",
                             "16",
                             "16.",
                             ".5005",
                             "16.5005/",
                             "16.5005.1",
                             "016.1",
                             "16.01",
                             "+16.1",
                             "-1.1",
                             "16.-1",
                             " 16.1",
                             "16.1 ",
                             "0x10.1",
                             "4294967295.1",
                             "16.4294967295",
                             "4294967296.1",
                             "16.local.",
                             "local.16.5005",
                             "16.local.local.5005",
                             "16.5005.log",
                             ".16.5005",
                             "~",
                             "0f~",
                             "0f~0f~16.5005",
                             "/tmp/curl.sock"})
        EXPECT_FALSE(parse_socket_name(name)) << name;
}

TEST(SocketName, AMeetingSpeaksForTheAddressBehindItsDigits) {
    EXPECT_EQ(meeting_name("0f", {16, 5005}), "0f~16.5005");
    EXPECT_EQ(parse_socket_name("/proc/self/fd/7/0f~16.5005"), (VsockAddress{16, 5005}));
}

TEST(SocketName, WhatIsBoundToCidOneSpeaksForCidOne) {
    EXPECT_EQ(parse_socket_name("/world/16.local.5005"), (VsockAddress{1, 5005}));
}

// Peers choose their names, so any bytes may come: what is read is what would be written.
TEST(SocketName, WhateverIsReadIsWhatWouldBeWritten) {
    constexpr std::string_view alphabet = "0123456789..//+- xlocal\n";
    SeededRandom random(1);
    int read = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::array<std::uint8_t, 12> draw{};
        random.fill(draw);
        std::string text;
        for (std::size_t i = 1; i <= draw[0] % draw.size() && i < draw.size(); ++i)
            text += alphabet[draw[i] % alphabet.size()];
        const auto address = parse_socket_name(text);
        if (!address)
            continue;
        ++read;
        EXPECT_EQ(text.substr(text.rfind('/') + 1), socket_name(*address)) << text;
    }
    EXPECT_GT(read, 100) << "the draw never makes a name";
}

}  // namespace
}  // namespace glovebox::transports
