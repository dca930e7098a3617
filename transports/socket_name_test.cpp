#include "transports/socket_name.h"

#include <gtest/gtest.h>

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
                             "/tmp/curl.sock"})
        EXPECT_FALSE(parse_socket_name(name)) << name;
}

TEST(SocketName, WhatIsBoundToCidOneSpeaksForCidOne) {
    EXPECT_EQ(parse_socket_name("/world/16.local.5005"), (VsockAddress{1, 5005}));
}

}  // namespace
}  // namespace glovebox::transports
