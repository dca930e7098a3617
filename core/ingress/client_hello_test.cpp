// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/client_hello.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/ingress/testing/client_hellos.h"

namespace glovebox::core {
namespace {

using HelloState = ClientHelloReader::State;
using testing::HasSubstr;

std::string name_in(const std::string& stream) {
    ClientHelloReader reader;
    if (reader.feed(stream) != HelloState::complete)
        return reader.state() == HelloState::refused ? "refused: " + reader.sentence() : "more";
    return reader.name() ? reader.name()->text() : "none";
}

TEST(ClientHelloReader, ReadsTheNameOfTheServer) {
    EXPECT_EQ(name_in(in_records(client_hello({server_name("API.Example.com")}))),
              "api.example.com");
    EXPECT_EQ(name_in(in_records(client_hello(
                  {extension(16, "h2"), extension(43, ""), server_name("a.b.example.com.")}))),
              "a.b.example.com");
}

TEST(ClientHelloReader, AClientMayNameNone) {
    EXPECT_EQ(name_in(in_records(client_hello({extension(16, "h2")}))), "none");
    EXPECT_EQ(name_in(in_records(client_hello_without_extensions())), "none");
    // A type of name that only a later RFC would know.
    EXPECT_EQ(name_in(in_records(client_hello({server_name_list({{7, "x"}})}))), "none");
}

TEST(ClientHelloReader, TheMessageMayBeCutAnywhere) {
    const std::string hello = client_hello({server_name("api.example.com")});
    for (const std::size_t record :
         {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{40}, hello.size()}) {
        const std::string stream = in_records(hello, record);
        EXPECT_EQ(name_in(stream), "api.example.com") << "in records of " << record;
        ClientHelloReader reader;
        for (std::size_t i = 0; i < stream.size(); ++i) {
            ASSERT_EQ(reader.state(), HelloState::needs_more) << i;
            reader.feed(stream.substr(i, 1));
        }
        ASSERT_EQ(reader.state(), HelloState::complete);
        EXPECT_EQ(reader.name()->text(), "api.example.com");
    }
}

TEST(ClientHelloReader, WhatFollowsTheMessageIsNotLookedAt) {
    EXPECT_EQ(name_in(in_records(client_hello({server_name("a.example")})) + "\x17garbage"),
              "a.example");
}

TEST(ClientHelloReader, RefusesWhatIsNoClientHello) {
    const std::string hello = client_hello({server_name("a.example")});
    EXPECT_THAT(name_in("\x17"), HasSubstr("type 23"));
    EXPECT_THAT(name_in("\x16\x02"), HasSubstr("version 2"));
    EXPECT_THAT(name_in(in_records("\x02")), HasSubstr("type 2, and a ClientHello"));
    EXPECT_THAT(name_in(std::string("\x16\x03\x01\0\0", 5)), HasSubstr("empty"));
    EXPECT_THAT(name_in("\x16\x03\x01\xff\xff"), HasSubstr("65535 bytes"));
    EXPECT_THAT(name_in(in_records(hello.substr(0, 20), 20) + "\x15\x03\x03"),
                HasSubstr("before the ClientHello was whole"));
}

TEST(ClientHelloReader, RefusesFieldsThatEndElsewhere) {
    EXPECT_THAT(name_in(in_records(handshake(std::string(20, 'r')))), HasSubstr("inside a field"));
    EXPECT_THAT(name_in(in_records(handshake(client_hello_fields() + std::string("\0\x09x", 3)))),
                HasSubstr("do not end where the message does"));
    EXPECT_THAT(name_in(in_records(client_hello({std::string("\0\0\0\x09x", 5)}))),
                HasSubstr("cut off"));
    EXPECT_THAT(name_in(in_records(client_hello({extension(0, "")}))),
                HasSubstr("not a list of names"));
    EXPECT_THAT(name_in(in_records(client_hello({extension(0, std::string("\0\x03\0\0\x09", 5))}))),
                HasSubstr("cut off"));
}

TEST(ClientHelloReader, OneNameIsMeant) {
    EXPECT_THAT(
        name_in(in_records(client_hello({server_name("a.example"), server_name("b.example")}))),
        HasSubstr("two server_name extensions"));
    EXPECT_THAT(
        name_in(in_records(client_hello({server_name_list({{0, "a.example"}, {0, "b.example"}})}))),
        HasSubstr("names two servers"));
}

TEST(ClientHelloReader, ANameThatIsNoHostsIsUnrecognized) {
    for (const char* name : {"", "192.0.2.7", "a b", "a..example", "-\n"}) {
        ClientHelloReader reader;
        EXPECT_EQ(reader.feed(in_records(client_hello({server_name(name)}))), HelloState::refused)
            << name;
        EXPECT_EQ(reader.alert(), TlsAlert::unrecognized_name) << name;
    }
}

TEST(ClientHelloReader, ALongOneIsNotWaitedFor) {
    const std::string long_hello =
        client_hello({extension(21, std::string(client_hello_size_max, '\0'))});
    EXPECT_THAT(name_in(in_records(long_hello.substr(0, 10))), HasSubstr("more than 16384 bytes"));
    // By its records' heads: each byte of the message takes six.
    const std::string hello = client_hello({extension(21, std::string(5000, '\0'))});
    ClientHelloReader reader;
    EXPECT_EQ(reader.feed(in_records(hello, 1)), HelloState::refused);
    EXPECT_THAT(reader.sentence(), HasSubstr("more than 16384 bytes"));
}

TEST(ClientHelloReader, AnAlertIsARecord) {
    EXPECT_EQ(to_record(TlsAlert::unrecognized_name), std::string("\x15\x03\x03\0\x02\x02\x70", 7));
}

}  // namespace
}  // namespace glovebox::core
