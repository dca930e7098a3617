// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/socks_parser.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

const std::string greeting = "\x05\x01\x00"s;
const std::string by_name = "\x05\x01\x00\x03\x0b"s + "example.com\x01\xbb";

// "TARGET early=..." or "NUMBER sentence", whatever pieces the bytes come in.
std::string read_socks(const std::string& bytes) {
    std::string first;
    for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{3}}) {
        SocksParser parser;
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            parser.feed(std::string_view(bytes).substr(at, piece));
        std::string outcome = "needs more";
        if (parser.state() == SocksParser::State::complete)
            outcome =
                fmt::format("{} early={}", to_string(parser.target()), parser.take_early_bytes());
        else if (parser.state() == SocksParser::State::refused)
            outcome = fmt::format("{} {}", static_cast<int>(parser.reply()), parser.sentence());
        if (first.empty())
            first = outcome;
        EXPECT_EQ(outcome, first) << "in pieces of " << piece;
    }
    return first;
}

TEST(SocksParser, ReadsANameAndAddresses) {
    EXPECT_EQ(read_socks(greeting + by_name), "example.com:443 early=");
    EXPECT_EQ(read_socks(greeting + "\x05\x01\x00\x01\xc0\x00\x02\x07\x01\xbb"s),
              "192.0.2.7:443 early=");
    EXPECT_EQ(read_socks(greeting + "\x05\x01\x00\x04"s + "\x20\x01\x0d\xb8"s +
                         std::string(11, '\0') + "\x07\x00\x50"s),
              "[2001:db8::7]:80 early=");
    EXPECT_EQ(read_socks(greeting + by_name + "early"), "example.com:443 early=early");
    EXPECT_EQ(read_socks("\x05\x02\x02\x00"s + by_name), "example.com:443 early=");
}

TEST(SocksParser, ChoosesTheMethodWithoutAuthenticationAtOnce) {
    SocksParser parser;
    EXPECT_EQ(parser.feed("\x05\x01"s), SocksParser::State::needs_more);
    EXPECT_EQ(parser.take_answer(), "");
    EXPECT_EQ(parser.feed("\x00"s), SocksParser::State::needs_more);
    EXPECT_EQ(parser.take_answer(), "\x05\x00"s);
    EXPECT_EQ(parser.take_answer(), "");
    EXPECT_EQ(parser.feed(by_name), SocksParser::State::complete);
    EXPECT_EQ(parser.take_answer(), "");
}

TEST(SocksParser, OffersNoOtherMethod) {
    for (const std::string& methods : {"\x05\x01\x02"s, "\x05\x00"s}) {
        SocksParser parser;
        EXPECT_EQ(parser.feed(methods), SocksParser::State::refused);
        EXPECT_EQ(parser.take_answer(), "\x05\xff"s);
        EXPECT_THAT(parser.sentence(), HasSubstr("no method without authentication"));
    }
}

TEST(SocksParser, EachRefusalHasItsNumber) {
    EXPECT_THAT(read_socks("\x04\x01\x01\xbb"s),
                HasSubstr("1 the version is 4, and SOCKS 5 was expected: write socks5h://"));
    EXPECT_THAT(read_socks(greeting + "\x04\x01\x00\x01"s), HasSubstr("1 the version is 4"));
    EXPECT_THAT(read_socks(greeting + "\x05\x02\x00\x01"s), HasSubstr("7 the command is 2"));
    EXPECT_THAT(read_socks(greeting + "\x05\x03\x00\x01"s), HasSubstr("7 the command is 3"));
    EXPECT_THAT(read_socks(greeting + "\x05\x01\x00\x02"s),
                HasSubstr("8 the address is of type 2"));
    EXPECT_THAT(read_socks(greeting + "\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x00"s),
                HasSubstr("1 the port is 0"));
    EXPECT_THAT(read_socks(greeting + "\x05\x01\x00\x03\x00\x01\xbb"s), HasSubstr("1 "));
    EXPECT_THAT(read_socks(greeting + "\x05\x01\x00\x03\x05"s + "127.1\x01\xbb"), HasSubstr("1 "));
    EXPECT_THAT(read_socks(greeting + "\x05\x01\x00\x03\x03"s + "a\0b\x01\xbb"s), HasSubstr("1 "));
}

TEST(SocksParser, WaitsForTheRest) {
    const std::string whole = greeting + by_name;
    for (std::size_t size = 1; size < whole.size(); ++size)
        EXPECT_EQ(read_socks(whole.substr(0, size)), "needs more") << size;
}

TEST(SocksParser, AReplyHasNoAddress) {
    EXPECT_EQ(to_message(SocksReply::opened), "\x05\x00\x00\x01\0\0\0\0\0\0"s);
    EXPECT_EQ(to_message(SocksReply::not_allowed), "\x05\x02\x00\x01\0\0\0\0\0\0"s);
}

}  // namespace
}  // namespace glovebox::core
