// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/request_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

using HeadState = RequestHostReader::State;
using testing::HasSubstr;
using testing::StartsWith;

// The name, "none", "more", or the status and the sentence of a refusal; the same however the
// stream is cut.
std::string host_in(const std::string& stream) {
    const auto outcome = [](const RequestHostReader& reader) -> std::string {
        if (reader.state() == HeadState::needs_more)
            return "more";
        if (reader.state() == HeadState::refused)
            return std::to_string(static_cast<int>(reader.refusal().status)) + " " +
                   reader.refusal().sentence;
        return reader.name() ? reader.name()->text() : "none";
    };
    RequestHostReader whole;
    whole.feed(stream);
    RequestHostReader pieces;
    for (const char byte : stream)
        pieces.feed({&byte, 1});
    EXPECT_EQ(outcome(pieces), outcome(whole)) << stream;
    return outcome(whole);
}

TEST(RequestHostReader, ReadsTheHostField) {
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost: API.Example.com\r\n\r\n"), "api.example.com");
    EXPECT_EQ(host_in("POST /x HTTP/1.1\r\nA: b\r\nhost:api.example.com:8080\r\n"
                      "Content-Length: 3\r\n\r\nabc"),
              "api.example.com");
    EXPECT_EQ(host_in("GET / HTTP/1.0\r\nHost: a.example.\r\n\r\n"), "a.example");
}

TEST(RequestHostReader, ATargetInAbsoluteFormPrecedesIt) {
    EXPECT_EQ(host_in("GET http://b.example:80/x HTTP/1.1\r\nHost: a.example\r\n\r\n"),
              "b.example");
    EXPECT_EQ(host_in("GET /?u=http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"),
              "a.example");
}

TEST(RequestHostReader, AnAddressIsNoName) {
    for (const char* host : {"192.0.2.7", "192.0.2.7:80", "[2001:db8::7]", "[2001:db8::7]:80", ""})
        EXPECT_EQ(host_in(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n"), "none")
            << host;
    EXPECT_EQ(host_in("GET / HTTP/1.0\r\n\r\n"), "none");
}

TEST(RequestHostReader, Http2WithoutTlsNamesNone) {
    EXPECT_EQ(host_in("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "none");
}

TEST(RequestHostReader, WaitsForTheWholeHead) {
    EXPECT_EQ(host_in("G"), "more");
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost: a.example\r\n"), "more");
}

TEST(RequestHostReader, RefusesWhatCanBeReadTwoWays) {
    EXPECT_THAT(host_in("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n"),
                StartsWith("400 there are two Host fields"));
    EXPECT_THAT(host_in("GET / HTTP/1.1\r\n\r\n"), StartsWith("400 there is no Host field"));
    EXPECT_THAT(host_in("GET / HTTP/1.1\r\nHost: a.example\r\n b.example\r\n\r\n"),
                StartsWith("400 a line begins with a blank"));
    EXPECT_THAT(host_in("GET / HTTP/1.1\r\nX: y\nHost: a.example\r\n\r\n"), StartsWith("400 "));
    EXPECT_THAT(host_in("GET / HTTP/1.1\r\nHost : a.example\r\n\r\n"), StartsWith("400 "));
    for (const char* host :
         {"a b", "a.example:8x", "user@a.example", "127.1", "[a.example]", "::1", "a.example/x"})
        EXPECT_THAT(host_in(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n"),
                    StartsWith("400 "))
            << host;
}

TEST(RequestHostReader, RefusesWhatIsNoRequestForAServer) {
    EXPECT_THAT(host_in("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"),
                HasSubstr("CONNECT asks for a proxy"));
    EXPECT_THAT(host_in("GET / HTTP/3.0\r\nHost: a.example\r\n\r\n"), StartsWith("505 "));
    EXPECT_THAT(host_in("SSH-2.0-OpenSSH_9.2\r\n"), StartsWith("400 the first line is not"));
}

TEST(RequestHostReader, ALongHeadIsNotWaitedFor) {
    EXPECT_THAT(host_in("GET / HTTP/1.1\r\nX: " + std::string(request_head_size_max, 'x')),
                StartsWith("431 "));
    EXPECT_THAT(host_in("GET /" + std::string(request_head_size_max, 'x')), StartsWith("431 "));
}

}  // namespace
}  // namespace glovebox::core
