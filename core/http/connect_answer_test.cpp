// SPDX-License-Identifier: Apache-2.0

#include "core/http/connect_answer.h"

#include <gtest/gtest.h>

#include "core/http/http_refusal.h"
#include "core/http/tunnel.h"

namespace glovebox::core {
namespace {

using AnswerState = ConnectAnswer::State;

TEST(ConnectAnswer, ATunnelsBytesAreKept) {
    ConnectAnswer answer;
    EXPECT_EQ(answer.feed("HTTP/1.1 200 Connection established\r\n"), AnswerState::needs_more);
    EXPECT_EQ(answer.feed("\r\nearly "), AnswerState::opened);
    EXPECT_EQ(answer.feed("bytes\r\n"), AnswerState::opened);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.take_early_bytes(), "early bytes\r\n");
}

TEST(ConnectAnswer, ARefusalHasItsReason) {
    ConnectAnswer answer;
    answer.feed(to_response(
        {HttpStatus::forbidden, "http_request_denied", "example.com:443 is not in the allowlist"}));
    EXPECT_EQ(answer.state(), AnswerState::refused);
    EXPECT_EQ(answer.status(), 403);
    EXPECT_EQ(answer.reason(), "example.com:443 is not in the allowlist");
    answer.feed(std::string(1 << 20, 'x'));
    EXPECT_EQ(answer.reason(), "example.com:443 is not in the allowlist");
}

TEST(ConnectAnswer, ARefusalWithoutAReasonHasItsStatus) {
    ConnectAnswer answer;
    EXPECT_EQ(answer.feed("HTTP/1.0 407 \r\n\r\n"), AnswerState::refused);
    EXPECT_EQ(answer.reason(), "status 407");
}

TEST(ConnectAnswer, SomethingElseIsToldAtItsFirstBytes) {
    for (const char* text :
         {"SSH-2.0-OpenSSH", "\x16\x03\x01", "HTTP/2", "HTTP/1.1 2x0 \r\n\r\n",
          "HTTP/1.1 600 \r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1\r\n\r\n", "\r\n\r\n"}) {
        ConnectAnswer answer;
        EXPECT_EQ(answer.feed(text), AnswerState::not_http) << text;
    }
    ConnectAnswer endless;
    EXPECT_EQ(endless.feed("HTTP/1.1 200 " + std::string(ConnectAnswer::head_bytes_max, 'x')),
              AnswerState::not_http);
}

TEST(ConnectAnswer, ALineOfTheHeadIsFoundWhole) {
    ConnectAnswer answer;
    answer.feed("HTTP/1.1 403 Forbidden\r\nProxy-Status: a; error=b\r\n\r\nProxy-Status: c\r\n");
    EXPECT_TRUE(answer.has_line("Proxy-Status: a; error=b"));
    EXPECT_FALSE(answer.has_line("Proxy-Status: a"));
    EXPECT_FALSE(answer.has_line("Proxy-Status: c"));
}

TEST(ConnectRequest, NamesTheTargetTwice) {
    EXPECT_EQ(connect_request(parse_target("Example.com.:443").value()),
              "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    EXPECT_EQ(connect_request(parse_target("[2001:db8::7]:443").value()),
              "CONNECT [2001:db8::7]:443 HTTP/1.1\r\nHost: [2001:db8::7]:443\r\n\r\n");
}

}  // namespace
}  // namespace glovebox::core
