// SPDX-License-Identifier: Apache-2.0

#include "core/cbor/encoder.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace glovebox::cbor {
namespace {

TEST(CborEncoder, WritesTheShortestForms) {
    Encoder encoder;
    encoder.array(10).unsigned_integer(23).unsigned_integer(24).unsigned_integer(256);
    encoder.unsigned_integer(65536).unsigned_integer(4294967296).negative(34);
    encoder.bytes(Bytes{1}).text("a").boolean(true).null();
    EXPECT_EQ(to_hex(encoder.encoded()),
              "8a171818190100"
              "1a000100001b0000000100000000"
              "38224101"
              "6161f5f6");
    Encoder map;
    map.indefinite_map().text("a").map(0).end();
    EXPECT_EQ(to_hex(map.encoded()), "bf6161a0ff");
    Encoder strings;
    strings.bytes(Bytes(256)).text(std::string(24, 'x'));
    EXPECT_EQ(to_hex(BytesView(strings.encoded()).first(3)), "590100");
    EXPECT_EQ(strings.encoded().size(), 3u + 256 + 2 + 24);
}

TEST(CborEncoder, SignedIntegersAndIntegerArrays) {
    Encoder encoder;
    encoder.integer(0).integer(-1).integer(-35).integer(500);
    encoder.integer(std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(to_hex(encoder.encoded()),
              "0020"
              "3822"
              "1901f4"
              "3b7fffffffffffffff");
    Encoder array;
    array.integer_array(Bytes{0, 23, 24, 255});
    EXPECT_EQ(to_hex(array.encoded()),
              "8400171818"
              "18ff");
}

}  // namespace
}  // namespace glovebox::cbor
