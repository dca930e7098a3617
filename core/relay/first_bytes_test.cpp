// SPDX-License-Identifier: Apache-2.0

#include "core/relay/first_bytes.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/testing/relay_fixture.h"

namespace glovebox::core {
namespace {

using testing::ElementsAre;
using From = FirstBytes::From;

std::string described(std::string_view text, std::uint64_t offset = 0) {
    return describe({From::client, offset, as_bytes(text)});
}

TEST(FirstBytes, OfEachDirectionSoManyAreToldAndNoMore) {
    std::vector<std::string> told;
    FirstBytes first(5, [&](const FirstBytes::Piece& piece) {
        told.push_back(fmt::format("{} {} {}", way_of(piece), piece.offset, as_text(piece.bytes)));
    });
    first.take(From::client, as_bytes("abc"));
    first.take(From::target, as_bytes("12"));
    first.take(From::client, as_bytes("defg"));
    first.take(From::client, as_bytes("h"));
    first.take(From::target, as_bytes(""));
    EXPECT_THAT(told, ElementsAre("sent 0 abc", "received 0 12", "sent 3 de"));
}

TEST(FirstBytes, APieceFitsIntoALineOfALog) {
    std::vector<std::size_t> sizes;
    FirstBytes first(std::size_t{1} << 40,
                     [&](const FirstBytes::Piece& piece) { sizes.push_back(piece.bytes.size()); });
    const Bytes many(70'000);
    first.take(From::client, many);
    EXPECT_EQ(sizes.size(), 43U) << "65536 bytes, 1536 in each but the last";
    EXPECT_EQ(sizes.back(), 1024U);
}

TEST(FirstBytes, TheFirstLineOfHttpAndTlsAreNamed) {
    EXPECT_EQ(described("GET /a HTTP/1.1\r\nHost: x\r\n"), "26 bytes: GET /a HTTP/1.1");
    EXPECT_EQ(described("HTTP/1.0 404 Not Found\r\n"), "24 bytes: HTTP/1.0 404 Not Found");
    EXPECT_EQ(described("\x16\x03\x01\x02"), "4 bytes of TLS");
    EXPECT_EQ(described("GET /a HTTP/1.1\r\n", 3), "17 bytes from offset 3");
    EXPECT_EQ(described("p"), "1 byte");
    EXPECT_EQ(described("hello you HTTP/1.1\r\n"), "20 bytes") << "no method";
    EXPECT_EQ(described("GET / HTTP/1.1"), "14 bytes") << "no whole line";
}

TEST(FirstBytes, ARelayTellsTheBeginningOfBulkThatItSplices) {
    Bytes client;
    Bytes target;
    FirstBytes first(FirstBytes::bytes_max, [&](const FirstBytes::Piece& piece) {
        Bytes& into = piece.from == From::client ? client : target;
        EXPECT_EQ(into.size(), piece.offset);
        into.insert(into.end(), piece.bytes.begin(), piece.bytes.end());
    });
    RelayFixture relay(Family::tcp, Family::unix_socket, {});
    relay.traffic.first_bytes = &first;
    relay.start();
    relay.run(write_all(relay.server, "welcome")).value();
    spawn(relay.context, send_noise(relay.client, noise().size()));
    EXPECT_EQ(relay.run(read_noise(relay.server)), noise().size());
    EXPECT_EQ(as_text(target), "welcome");
    EXPECT_TRUE(as_text(client) == noise().substr(0, FirstBytes::bytes_max));
}

}  // namespace
}  // namespace glovebox::core
