// SPDX-License-Identifier: Apache-2.0

#include "core/http/proxy_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glovebox::core {
namespace {

using testing::HasSubstr;
using State = ProxyRequest::State;

// What came of a head, as one line: "example.com:443 early=\"...\"", "400 sentence" or "more".
std::string outcome(ProxyRequest& parser) {
    switch (parser.state()) {
        case State::needs_more:
            return "more";
        case State::complete:
            return to_string(parser.target()) + " early=\"" + parser.take_early_bytes() + "\"";
        case State::refused:
            return std::to_string(static_cast<int>(parser.refusal().status)) + " " +
                   parser.refusal().sentence;
    }
    return "?";
}

std::string read(std::string_view text) {
    ProxyRequest parser;
    parser.feed(text);
    return outcome(parser);
}

std::string head(std::string_view first_line, std::string_view fields = "") {
    return std::string(first_line) + "\r\n" + std::string(fields) + "\r\n";
}

TEST(ProxyRequest, ReadsWhatCurlSends) {
    EXPECT_EQ(read("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"
                   "User-Agent: curl/7.88.1\r\nProxy-Connection: Keep-Alive\r\n\r\n"),
              "example.com:443 early=\"\"");
}

TEST(ProxyRequest, ReadsNamesAddressesAndHttp10) {
    EXPECT_EQ(read(head("CONNECT EXAMPLE.com.:8443 HTTP/1.0")), "example.com:8443 early=\"\"");
    EXPECT_EQ(read(head("CONNECT 192.0.2.7:443 HTTP/1.1")), "192.0.2.7:443 early=\"\"");
    EXPECT_EQ(read(head("CONNECT [2001:db8::7]:443 HTTP/1.1")), "[2001:db8::7]:443 early=\"\"");
}

TEST(ProxyRequest, KeepsEarlyBytes) {
    EXPECT_EQ(read(head("CONNECT a.example:1 HTTP/1.1") + "\x16\x03\x01hello\n\r\n\r\n"),
              "a.example:1 early=\"\x16\x03\x01hello\n\r\n\r\n\"");
    ProxyRequest parser;
    parser.feed(head("CONNECT a.example:1 HTTP/1.1"));
    parser.feed("one");
    parser.feed("two");
    EXPECT_EQ(outcome(parser), "a.example:1 early=\"onetwo\"");
}

TEST(ProxyRequest, TheOutcomeDoesNotDependOnHowTheBytesWereCut) {
    const std::vector<std::string> streams{
        head("CONNECT example.com:443 HTTP/1.1", "Host: example.com:443\r\nA: b\r\n") + "early",
        head("CONNECT example.com:443 HTTP/1.1", "A: b\nC: d\r\n"),
        head("CONNECT example.com:443 HTTP/1.1", "A: b\r\n folded\r\n"),
        head("GET http://example.com/ HTTP/1.1", "Host: example.com\r\n") + "early",
        head("GET http://example.com/ HTTP/1.1",
             "Host: a\r\nA: " + std::string(9000, 'x') + "\r\n"),
        head("GET http://example.com/ HTTP/1.1", "A: " + std::string(40000, 'x') + "\r\n"),
        head("GET /" + std::string(9000, 'x') + " HTTP/1.1"),
        head("CONNECT example.com:443 HTTP/1.1", "A: " + std::string(9000, 'x') + "\r\n"),
        "CONNECT example.com:443 HTTP/1.1\r\nHost: exam",
        std::string("\x16\x03\x01\x02\x00\x01", 6)};
    for (const std::string& stream : streams) {
        const std::string whole = read(stream);
        for (const std::size_t piece : {1, 2, 3, 7, 100, 4096}) {
            ProxyRequest parser;
            for (std::size_t i = 0; i < stream.size(); i += piece)
                parser.feed(std::string_view(stream).substr(i, piece));
            EXPECT_EQ(outcome(parser), whole) << "in pieces of " << piece;
        }
    }
}

TEST(ProxyRequest, NeedsTheEmptyLine) {
    EXPECT_EQ(read(""), "more");
    EXPECT_EQ(read("CONNECT example.com:443 HTTP/1.1\r\n"), "more");
    EXPECT_EQ(read("CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r"), "more");
}

TEST(ProxyRequest, AHeadOverEightKiBIsRefused) {
    const std::string frame = head("CONNECT a.example:1 HTTP/1.1", "X: \r\n");
    const auto padded = [&](std::size_t size) {
        return head("CONNECT a.example:1 HTTP/1.1",
                    "X: " + std::string(size - frame.size(), 'x') + "\r\n");
    };
    ASSERT_EQ(padded(8192).size(), 8192U);
    EXPECT_EQ(read(padded(8192)), "a.example:1 early=\"\"");
    EXPECT_EQ(read(padded(8192) + "early"), "a.example:1 early=\"early\"");
    EXPECT_THAT(read(padded(8193)), HasSubstr("431 "));
    EXPECT_THAT(read("CONNECT " + std::string(9000, 'a')), HasSubstr("431 "));
    EXPECT_THAT(read(std::string(100000, 'a')), HasSubstr("431 "));
}

TEST(ProxyRequest, ABodyIsRefused) {
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "Content-Length: 5\r\n")),
                HasSubstr("400 "));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "content-LENGTH:1\r\n")),
                HasSubstr("no body"));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "Content-Length: 0, 5\r\n")),
                HasSubstr("400 "));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "Content-Length: -0\r\n")),
                HasSubstr("400 "));
    EXPECT_THAT(
        read(head("CONNECT a.example:1 HTTP/1.1", "Content-Length: 0\r\nContent-Length: 0\r\n")),
        HasSubstr("400 "));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "Transfer-Encoding: chunked\r\n")),
                HasSubstr("no body"));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "TRANSFER-ENCODING: identity\r\n")),
                HasSubstr("400 "));
    EXPECT_EQ(read(head("CONNECT a.example:1 HTTP/1.1", "Content-Length: 0\r\n")),
              "a.example:1 early=\"\"");
}

TEST(ProxyRequest, UserinfoIsRefused) {
    EXPECT_THAT(read(head("CONNECT user:password@a.example:443 HTTP/1.1")),
                HasSubstr("400 there is a user name"));
    EXPECT_THAT(read(head("CONNECT a.example:443@evil.example:443 HTTP/1.1")),
                HasSubstr("400 there is a user name"));
}

TEST(ProxyRequest, ABareLineFeedIsRefused) {
    EXPECT_THAT(read("CONNECT a.example:1 HTTP/1.1\n\n"), HasSubstr("400 a line ends in LF alone"));
    EXPECT_THAT(read("CONNECT a.example:1 HTTP/1.1\r\nHost: a\n\r\n"),
                HasSubstr("400 a line ends in LF alone"));
    EXPECT_THAT(read("\n"), HasSubstr("400 a line ends in LF alone"));
}

TEST(ProxyRequest, ABareCarriageReturnAndOtherControlCharactersAreRefused) {
    for (const std::string_view bad :
         {std::string_view("a\rb"), std::string_view("a\r"), std::string_view("\0", 1),
          std::string_view("\x7f"), std::string_view("\x1b[2J"), std::string_view("\v")}) {
        EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "X: " + std::string(bad) + "\r\n")),
                    HasSubstr("400 there is a control character"));
        EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1" + std::string(bad))),
                    HasSubstr("400 there is a control character"));
    }
}

TEST(ProxyRequest, AFoldedLineIsRefused) {
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "X: y\r\n z\r\n")),
                HasSubstr("400 a line begins with a blank"));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "X: y\r\n\tz: w\r\n")),
                HasSubstr("400 a line begins with a blank"));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", " X: y\r\n")),
                HasSubstr("400 a line begins with a blank"));
}

TEST(ProxyRequest, ALineThatIsNoFieldIsRefused) {
    for (const char* line : {"X", ": y", "X : y", "X\t: y", "X(y): z", "\xc3\xbc: y", "Host a:1"})
        EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", std::string(line) + "\r\n")),
                    HasSubstr("400 a line is not a header field"))
            << line;
    EXPECT_EQ(read(head("CONNECT a.example:1 HTTP/1.1", "X:\r\nY: \t \r\nZ: \xc3\xbc\r\n")),
              "a.example:1 early=\"\"");
}

TEST(ProxyRequest, TwoHostFieldsAreRefused) {
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.1", "Host: a\r\nHOST: b\r\n")),
                HasSubstr("400 there are two Host fields"));
}

// An exchange's outcome is its target and what it asks the target for.
TEST(ProxyRequest, ReadsUrls) {
    const auto get = [](std::string_view url) {
        ProxyRequest request;
        request.feed(head("GET " + std::string(url) + " HTTP/1.1", "Host: ignored.example\r\n"));
        return request.state() == State::complete && !request.is_tunnel()
                   ? to_string(request.target()) + " " + request.origin_form()
                   : outcome(request);
    };
    EXPECT_EQ(get("http://example.com/a?b=c"), "example.com:80 /a?b=c");
    EXPECT_EQ(get("HTTP://EXAMPLE.com.:8080"), "example.com:8080 /");
    EXPECT_EQ(get("http://example.com:?q=http://other.example/"),
              "example.com:80 /?q=http://other.example/");
    EXPECT_EQ(get("http://192.0.2.7"), "192.0.2.7:80 /");
    EXPECT_EQ(get("http://[2001:db8::7]/"), "[2001:db8::7]:80 /");
    EXPECT_EQ(get("http://[2001:db8::7]:8080/x"), "[2001:db8::7]:8080 /x");
    EXPECT_EQ(get("http://example.com//x/../y"), "example.com:80 //x/../y");
    for (const char* bad :
         {"http://", "http:///", "http://:80/", "http://a.example:0/", "http://a.example:65536/",
          "http://a.example:80:80/", "http://user@a.example/", "http://user:x@a.example:80/",
          "http://a.example@b.example/", "http://a.example/#x", "http://127.1/",
          "http://2852039166/", "http://0x7f.1/", "http://[a.example]/", "http://2001:db8::7/",
          "http://a%2eexample/", "http:/a.example/", "http:a.example", "://a.example/"})
        EXPECT_THAT(get(bad), HasSubstr("400 ")) << bad;
}

TEST(ProxyRequest, OptionsOfTheTargetAsAWhole) {
    ProxyRequest request;
    request.feed(head("OPTIONS http://example.com HTTP/1.1", "Host: example.com\r\n"));
    EXPECT_EQ(request.origin_form(), "*");
}

// RFC 9110 7.6.2.
TEST(ProxyRequest, OptionsThatMayGoNoFurtherAreAQuestionToTheProxy) {
    const auto ask = [](std::string_view method, std::string_view value) {
        ProxyRequest request;
        request.feed(head(std::string(method) + " http://a.example:81/ HTTP/1.1",
                          "Host: a\r\nMax-Forwards: " + std::string(value) + "\r\n"));
        return request;
    };
    const ProxyRequest question = ask("OPTIONS", "0");
    EXPECT_TRUE(question.is_rule_question());
    EXPECT_EQ(question.question_ports(), std::vector<TcpPort>{81});
    EXPECT_FALSE(ask("OPTIONS", "1").is_rule_question());
    EXPECT_FALSE(ask("GET", "0").is_rule_question());
}

TEST(ProxyRequest, AQuestionMayBeAboutSeveralPorts) {
    const auto ask = [](std::string_view ports) {
        ProxyRequest request;
        request.feed(
            head("OPTIONS http://a.example HTTP/1.1",
                 "Host: a\r\nGlovebox-Ports: " + std::string(ports) + "\r\nMax-Forwards: 0\r\n"));
        return request;
    };
    EXPECT_EQ(ask("443,80-82").question_ports(), (std::vector<TcpPort>{80, 81, 82, 443}));
    for (const std::string_view bad : {"", "443,", "0", "81-80", "1-2000", "https"})
        EXPECT_EQ(ask(bad).state(), ProxyRequest::State::refused) << bad;
}

TEST(ProxyRequest, WhatIsNoUrlOfAProxyIsRefusedWithAHint) {
    const auto get = [](std::string_view target) {
        return read(head("GET " + std::string(target) + " HTTP/1.1", "Host: a\r\n"));
    };
    EXPECT_THAT(get("https://example.com/"), HasSubstr("400 a proxy reaches https:// through"));
    EXPECT_THAT(get("HTTPS://example.com/"), HasSubstr("CONNECT HOST:443"));
    EXPECT_THAT(get("ftp://example.com/"), HasSubstr("not ftp://"));
    EXPECT_THAT(get("/"), HasSubstr("400 \"/\" does not name a host: this is a proxy"));
    EXPECT_THAT(read(head("connect a.example:1 HTTP/1.1")), HasSubstr("does not name a host"));
    EXPECT_THAT(read(head("TRACE http://a.example/ HTTP/1.1")), HasSubstr("405 "));
}

// Each could be read as two different requests, by the proxy and by a server behind it.
TEST(ProxyRequest, AnAmbiguousBodyIsRefused) {
    const auto post = [](std::string_view fields, std::string_view version = "HTTP/1.1") {
        return read(head("POST http://a.example/ " + std::string(version),
                         "Host: a.example\r\n" + std::string(fields)));
    };
    EXPECT_EQ(post("Content-Length: 5\r\n"), "a.example:80 early=\"\"");
    EXPECT_EQ(post("Transfer-Encoding: Chunked\r\n"), "a.example:80 early=\"\"");
    for (const char* fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                               "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                               "Content-Length: 5\r\nContent-Length: 5\r\n",
                               "Content-Length: 5\r\ncontent-length: 6\r\n",
                               "Content-Length: 5, 5\r\n",
                               "Content-Length: +5\r\n",
                               "Content-Length: 0x5\r\n",
                               "Content-Length: 5 5\r\n",
                               "Content-Length:\r\n",
                               "Content-Length: 99999999999999999999\r\n",
                               "Transfer-Encoding: gzip\r\n",
                               "Transfer-Encoding: gzip, chunked\r\n",
                               "Transfer-Encoding: chunked, chunked\r\n",
                               "Transfer-Encoding: xchunked\r\n",
                               "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                               "Transfer-Encoding : chunked\r\n",
                               "Transfer-Encoding: identity\r\n",
                               "Transfer-Encoding: \"chunked\"\r\n",
                               "Content-Length: 5\r\n folded\r\n",
                               "X: y\nContent-Length: 5\r\n",
                               "X: y\rContent-Length: 5\r\n"})
        EXPECT_THAT(post(fields), HasSubstr("400 ")) << fields;
    EXPECT_THAT(post("Transfer-Encoding: chunked\r\n", "HTTP/1.0"), HasSubstr("400 "));
}

TEST(ProxyRequest, AnExchangeOfHttp11NeedsOneHost) {
    EXPECT_THAT(read(head("GET http://a.example/ HTTP/1.1")), HasSubstr("400 there is no Host"));
    EXPECT_EQ(read(head("GET http://a.example/ HTTP/1.0")), "a.example:80 early=\"\"");
    EXPECT_THAT(read(head("GET http://a.example/ HTTP/1.1", "Host: a\r\nHost: a\r\n")),
                HasSubstr("400 there are two Host"));
}

TEST(ProxyRequest, AUserNameForTheProxyIsRefusedWithAHint) {
    for (const char* line : {"CONNECT a.example:1 HTTP/1.1", "GET http://a.example/ HTTP/1.1"})
        EXPECT_THAT(read(head(line, "proxy-AUTHORIZATION: Basic dTpw\r\n")),
                    HasSubstr("400 the proxy has no users"));
}

TEST(ProxyRequest, TheHeadOfAnExchangeMayBeLonger) {
    const auto get = [](std::size_t size) {
        const std::string frame = head("GET http://a.example/ HTTP/1.1", "Host: a\r\nX: \r\n");
        return read(head("GET http://a.example/ HTTP/1.1",
                         "Host: a\r\nX: " + std::string(size - frame.size(), 'x') + "\r\n"));
    };
    EXPECT_EQ(get(32768), "a.example:80 early=\"\"");
    EXPECT_THAT(get(32769), HasSubstr("431 the head of the request has more than 32768 bytes"));
}

TEST(ProxyRequest, OtherVersionsAreRefusedWith505) {
    EXPECT_THAT(read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), HasSubstr("505 "));
    EXPECT_THAT(read(head("CONNECT a.example:1 HTTP/1.2")), HasSubstr("505 "));
}

TEST(ProxyRequest, WhatIsNoRequestLineIsRefused) {
    for (const char* line :
         {"", "CONNECT", "CONNECT a.example:1", "CONNECT  a.example:1 HTTP/1.1",
          "CONNECT a.example:1  HTTP/1.1", " CONNECT a.example:1 HTTP/1.1",
          "CONNECT a.example:1 HTTP/1.1 ", "CONNECT\ta.example:1\tHTTP/1.1",
          "CONNECT a.example:1 http/1.1", "CONNECT a.example:1 x HTTP/1.1", "(): x HTTP/1.1"})
        EXPECT_THAT(read(head(line)), HasSubstr("400 ")) << line;
}

TEST(ProxyRequest, AuthoritiesThatAreNotHostAndPortAreRefused) {
    for (const char* authority : {"a.example",
                                  "a.example:",
                                  ":443",
                                  "a.example:0",
                                  "a.example:65536",
                                  "a.example:-1",
                                  "a.example:443/",
                                  "/",
                                  "*",
                                  "https://a.example:443",
                                  "http://a.example/",
                                  "a.example:443#x",
                                  "a%2eexample:443",
                                  "2001:db8::7:443",
                                  "[2001:db8::7]",
                                  "[2001:db8::7]443",
                                  "[fe80::1%25eth0]:443",
                                  "[a.example]:443",
                                  "[v1.fe80]:443",
                                  "127.1:443",
                                  "2852039166:443",
                                  "0251.0376.0251.0376:443",
                                  "0:443",
                                  "0x7f.1:443",
                                  "b\xc3\xbc.example:443",
                                  "..:443",
                                  "*.example.com:443"})
        EXPECT_THAT(read(head("CONNECT " + std::string(authority) + " HTTP/1.1")),
                    HasSubstr("400 "))
            << authority;
}

TEST(ProxyRequest, TlsToTheProxyItselfIsRecognised) {
    EXPECT_THAT(read("\x16\x03\x01\x02"), HasSubstr("400 this is the beginning of TLS"));
}

TEST(ProxyRequest, StaysRefusedWhateverFollows) {
    ProxyRequest parser;
    parser.feed("GET / HTTP/1.1\r\n");
    EXPECT_EQ(parser.state(), State::refused);
    EXPECT_EQ(parser.feed(head("CONNECT a.example:1 HTTP/1.1")), State::refused);
}

}  // namespace
}  // namespace glovebox::core
