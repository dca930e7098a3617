// SPDX-License-Identifier: Apache-2.0

#include "core/address/vsock_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

TEST(VsockAddress, IsWrittenAsCidAndPort) {
    EXPECT_EQ(to_string(VsockAddress{16, 5005}), "16:5005");
    EXPECT_EQ(to_string(VsockAddress{cid_any, port_any}), "any:any");
    EXPECT_EQ(to_string(VsockAddress{3, 4294967294}), "3:4294967294");
}

TEST(VsockAddress, IsReadWithItsNames) {
    EXPECT_EQ(parse_vsock_address("16:5005").value(), (VsockAddress{16, 5005}));
    EXPECT_EQ(parse_vsock_address("parent:8000").value(), (VsockAddress{3, 8000}));
    EXPECT_EQ(parse_vsock_address("any:any").value(), (VsockAddress{cid_any, port_any}));
    EXPECT_EQ(parse_vsock_address("4294967295:4294967295").value(),
              (VsockAddress{cid_any, port_any}));
}

TEST(VsockAddress, AnythingElseIsRefusedWithAnExample) {
    for (const char* text : {"", ":", "16", "16:", ":5005", "16:5005:1", "-1:5", "16:-1",
                             "4294967296:1", "16: 5", "x:5", "0x10:5", "16:5005 "}) {
        const auto result = parse_vsock_address(text);
        ASSERT_FALSE(result) << text;
        EXPECT_THAT(result.error().message, testing::HasSubstr("16:5005")) << text;
    }
}

}  // namespace
}  // namespace glovebox::core
