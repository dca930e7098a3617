// SPDX-License-Identifier: Apache-2.0

// One exchange between two pairs of streams:  client ==pair== |exchange| ==pair== target
#include "core/http/exchange.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/testing/relay_fixture.h"

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ExchangeTest : public testing::Test {
  protected:
    ExchangeTest()
        : client_pair_(stream_pair(context_.get_executor())),
          target_pair_(stream_pair(context_.get_executor())),
          client_(std::move(client_pair_.first)),
          target_(std::move(target_pair_.first)) {
        ignore_sigpipe();
    }

    // Begins with what the client has sent so far.
    void start(std::string_view sent) {
        ProxyRequest request;
        ASSERT_EQ(request.feed(sent), ProxyRequest::State::complete) << request.refusal().sentence;
        asio::co_spawn(
            context_,
            exchange(client_pair_.second, target_pair_.second, std::move(request), options_,
                     traffic_),
            asio::bind_cancellation_slot(
                stop_.slot(), [this](const std::exception_ptr& bug, ExchangeResult done) {
                    EXPECT_FALSE(bug);
                    result_ = std::move(done);
                    // As the proxy does behind it.
                    if (!result_->client_stays && !result_->was_cut)
                        client_pair_.second.shutdown_send();
                    else if (result_->was_cut)
                        client_pair_.second.close();
                    target_pair_.second.close();
                }));
    }

    void say(Stream& stream, std::string_view text) {
        core::run(context_, write_all(stream, text)).value();
    }

    // Reads until the text ends so.
    std::string hear(Stream& stream, std::string_view end) {
        std::string text;
        std::array<char, 4096> buffer;
        while (!text.ends_with(end)) {
            const std::size_t got = core::run(context_, read_some(stream, buffer)).value();
            if (got == 0)
                return text + "(the stream ended)";
            text.append(buffer.data(), got);
        }
        return text;
    }

    std::string rest(Stream& stream) { return core::run(context_, read_rest(stream)).text; }

    ExchangeResult& wait() {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        context_.restart();
        while (!result_ && context_.run_one_until(end) > 0) {
        }
        return result_.value();
    }

    void settle() {
        context_.restart();
        while (context_.poll() > 0) {
        }
    }

    // What the client gets for a GET whose answer is this, to the end of the target's stream.
    std::string get(std::string_view response, std::string_view request =
                                                   "GET http://a.example/ "
                                                   "HTTP/1.1\r\nHost: "
                                                   "a.example\r\n\r\n") {
        start(request);
        static_cast<void>(hear(target_, "\r\n\r\n"));
        say(target_, response);
        target_.shutdown_send();
        wait();
        client_pair_.second.shutdown_send();
        return rest(client_);
    }

    asio::io_context context_;
    ExchangeOptions options_;
    TrafficCounts traffic_;
    asio::cancellation_signal stop_;
    std::optional<ExchangeResult> result_;
    std::pair<Stream, Stream> client_pair_;
    std::pair<Stream, Stream> target_pair_;
    Stream client_;
    Stream target_;
};

TEST_F(ExchangeTest, WhatIsMeantForTheProxyGoesAndTheRestStays) {
    start(
        "GET http://A.example/x?y HTTP/1.1\r\nHost: other.example\r\nAccept: */*\r\nCookie: "
        "a=b\r\nProxy-Connection: keep-alive\r\nConnection: X-Mine, keep-alive\r\nX-Mine: "
        "1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nVia: 1.0 before\r\n\r\n");
    EXPECT_EQ(hear(target_, "\r\n\r\n"),
              "GET /x?y HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\nCookie: a=b\r\nVia: 1.0 "
              "before\r\nVia: 1.1 glovebox\r\nConnection: close\r\n\r\n");
    say(target_,
        "HTTP/1.1 200 Fine\r\nConnection: X-Its\r\nX-Its: 1\r\nKeep-Alive: "
        "timeout=5\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nUpgrade: h2c\r\n"
        "Content-Length: 5\r\n\r\nhello");
    EXPECT_EQ(hear(client_, "hello"),
              "HTTP/1.1 200 Fine\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nVia: 1.1 "
              "glovebox\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_TRUE(wait().client_stays);
    EXPECT_EQ(result_->status, 200);
    EXPECT_EQ(result_->failure, "");
}

TEST_F(ExchangeTest, OptionsCountTheProxy) {
    start("OPTIONS http://a.example HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n\r\n");
    EXPECT_THAT(hear(target_, "\r\n\r\n"),
                AllOf(StartsWith("OPTIONS * HTTP/1.1\r\n"), HasSubstr("\r\nMax-Forwards: 2\r\n")));
}

TEST_F(ExchangeTest, ThePortOfTheUrlIsPartOfTheHost) {
    start("GET http://[2001:db8::7]:8080/ HTTP/1.0\r\n\r\n");
    EXPECT_THAT(hear(target_, "\r\n\r\n"), HasSubstr("\r\nHost: [2001:db8::7]:8080\r\n"));
}

TEST_F(ExchangeTest, ChunkedBodiesGoBothWaysWithoutTheirExtensionsAndTrailers) {
    start(
        "POST http://a.example/ HTTP/1.1\r\nHost: a\r\nTrailer: X-T\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5;a=b\r\nhello\r\n");
    EXPECT_THAT(hear(target_, "5\r\nhello\r\n"),
                AllOf(HasSubstr("\r\nTransfer-Encoding: chunked\r\n"), Not(HasSubstr("a=b"))));
    say(client_, "0\r\nX-T: secret\r\n\r\nGET http://next");
    EXPECT_EQ(hear(target_, "\r\n\r\n"), "0\r\n\r\n");
    say(target_,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\nX: y\r\n\r\n");
    EXPECT_EQ(hear(client_, "0\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nVia: 1.1 glovebox\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r"
              "\n0\r\n\r\n");
    EXPECT_TRUE(wait().client_stays);
    EXPECT_EQ(result_->unread, "GET http://next");
}

TEST_F(ExchangeTest, AResponseThatEndsWithItsConnectionIsChunkedForHttp11) {
    EXPECT_EQ(get("HTTP/1.0 200 OK\r\n\r\nto the end"),
              "HTTP/1.1 200 OK\r\nVia: 1.0 glovebox\r\nTransfer-Encoding: chunked\r\n\r\na\r\nto "
              "the end\r\n0\r\n\r\n");
    EXPECT_TRUE(result_->client_stays);
}

TEST_F(ExchangeTest, AnHttp10ClientGetsNothingThatIsChunkedAndItsConnectionEnds) {
    EXPECT_EQ(get("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n",
                  "GET http://a.example/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nVia: 1.1 glovebox\r\nConnection: close\r\n\r\nyes");
    EXPECT_FALSE(result_->client_stays);
}

TEST_F(ExchangeTest, AClientThatClosesIsToldSo) {
    EXPECT_THAT(get("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                    "GET http://a.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_FALSE(result_->client_stays);
}

TEST_F(ExchangeTest, AProxyThatStopsServesNoFurtherRequest) {
    options_.is_last = [] { return true; };
    EXPECT_THAT(get("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_FALSE(result_->client_stays);
}

TEST_F(ExchangeTest, ResponsesWithoutABody) {
    EXPECT_EQ(get("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                  "HEAD http://a.example/ HTTP/1.1\r\nHost: a\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nVia: 1.1 glovebox\r\nContent-Length: 1000\r\n\r\n");
    EXPECT_TRUE(result_->client_stays);
}

TEST_F(ExchangeTest, NotModifiedKeepsItsLength) {
    EXPECT_EQ(get("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"),
              "HTTP/1.1 304 Not Modified\r\nVia: 1.1 glovebox\r\nContent-Length: 1000\r\n\r\n");
    EXPECT_TRUE(result_->client_stays);
}

TEST_F(ExchangeTest, AClientThatWaitsFor100IsTold) {
    start(
        "PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
        "4\r\n\r\n");
    EXPECT_THAT(hear(target_, "\r\n\r\n"), HasSubstr("\r\nExpect: 100-continue\r\n"));
    say(target_, "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(hear(client_, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\nVia: 1.1 glovebox\r\n\r\n");
    say(client_, "body");
    EXPECT_EQ(hear(target_, "body"), "body");
    say(target_, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(hear(client_, "\r\n\r\n"), StartsWith("HTTP/1.1 201 Created\r\n"));
    EXPECT_TRUE(wait().client_stays);
}

TEST_F(ExchangeTest, AnAnswerBeforeTheBodyIsWholeEndsTheConnection) {
    start("PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\npart");
    static_cast<void>(hear(target_, "part"));
    say(target_, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(hear(client_, "\r\n\r\n"), AllOf(StartsWith("HTTP/1.1 413 Too Large\r\n"),
                                                 HasSubstr("\r\nConnection: close\r\n")));
    EXPECT_FALSE(wait().client_stays);
    EXPECT_FALSE(result_->was_cut);
}

TEST_F(ExchangeTest, AResponseThatBreaksOffDoesNotLookWhole) {
    EXPECT_THAT(get("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"),
                testing::EndsWith("\r\n\r\npart"));
    EXPECT_TRUE(result_->was_cut);
    EXPECT_THAT(result_->failure, HasSubstr("before the end of its response"));
}

TEST_F(ExchangeTest, AChunkedResponseThatBreaksOffHasNoLastChunk) {
    EXPECT_THAT(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"),
                testing::EndsWith("4\r\npart\r\n"));
    EXPECT_TRUE(result_->was_cut);
}

// Bytes behind the response reach nobody: not as a response to the next request either.
TEST_F(ExchangeTest, BytesBehindTheResponseAreDropped) {
    EXPECT_THAT(get("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 Forged\r\n\r\n"),
                testing::EndsWith("\r\n\r\nok"));
    EXPECT_TRUE(result_->client_stays);
}

class BadResponse : public ExchangeTest, public testing::WithParamInterface<const char*> {};

TEST_P(BadResponse, IsNoResponse) {
    get(GetParam());
    ASSERT_TRUE(result_->refusal) << result_->status;
    EXPECT_EQ(static_cast<int>(result_->refusal->status), 502);
    EXPECT_EQ(result_->failure, result_->refusal->sentence);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadResponse,
    testing::Values("", "not HTTP\r\n\r\n", "HTTP/1.1 200 OK\r\n",
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: "
                    "5\r\n\r\nhello",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: "
                    "chunked\r\n\r\nhello",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                    "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
                    "HTTP/1.1 200 OK\r\nX: a\x01z\r\n\r\n"));

TEST_F(ExchangeTest, AResponseHeadThatNeverEndsIsRefused) {
    get("HTTP/1.1 200 OK\r\nX: " + std::string(80'000, 'x') + "\r\n\r\n");
    ASSERT_TRUE(result_->refusal);
    EXPECT_EQ(static_cast<int>(result_->refusal->status), 502);
}

TEST_F(ExchangeTest, ABrokenBodyOfARequestIsRefused) {
    for (const char* body :
         {"x\r\n", "5\r\nhelloXY\r\n", "5\nhello\r\n", "-1\r\n", "FFFFFFFFFFFFFFFFF\r\n"}) {
        result_.reset();
        client_pair_ = stream_pair(context_.get_executor());
        target_pair_ = stream_pair(context_.get_executor());
        start("POST http://a.example/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"s +
              body);
        ASSERT_TRUE(wait().refusal) << body;
        EXPECT_EQ(static_cast<int>(result_->refusal->status), 400);
    }
}

TEST_F(ExchangeTest, AClientThatLeavesEndsIt) {
    start("GET http://a.example/ HTTP/1.1\r\nHost: a\r\n\r\n");
    static_cast<void>(hear(target_, "\r\n\r\n"));
    client_.close();
    EXPECT_EQ(wait().failure, "the client left");
    EXPECT_THAT(rest(target_), "");
}

TEST_F(ExchangeTest, AClientThatLeavesWithinItsBodyEndsIt) {
    start("PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    static_cast<void>(hear(target_, "\r\n\r\n"));
    client_.shutdown_send();
    EXPECT_EQ(wait().failure, "the client left");
}

// One that has said all that it has to say still waits for its answer.
TEST_F(ExchangeTest, AClientThatEndedItsHalfGetsItsAnswer) {
    client_.shutdown_send();
    EXPECT_THAT(get("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                testing::EndsWith("\r\n\r\nok"));
}

TEST_F(ExchangeTest, ASilentTargetIsGivenUp) {
    options_.idle_timeout = 30ms;
    start("GET http://a.example/ HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(wait().refusal);
    EXPECT_EQ(static_cast<int>(result_->refusal->status), 504);
    EXPECT_EQ(result_->failure, "nothing came for 30 ms");
}

TEST_F(ExchangeTest, CancellingItEndsIt) {
    start("PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    settle();
    stop_.emit(asio::cancellation_type::terminal);
    EXPECT_EQ(wait().status, 0);
}

TEST_F(ExchangeTest, AReaderThatIsSlowHoldsTheTargetBack) {
    start("GET http://a.example/ HTTP/1.1\r\nHost: a\r\n\r\n");
    static_cast<void>(hear(target_, "\r\n\r\n"));
    say(target_, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    const std::string block(100'000, 'x');
    std::size_t taken = 0;
    // Until neither the target's kernel nor the exchange takes any more.
    while (true) {
        const ssize_t sent =
            ::send(target_.native_handle(), block.data(), block.size(), MSG_DONTWAIT);
        if (sent > 0)
            taken += static_cast<std::size_t>(sent);
        else if (context_.restart(), context_.poll() == 0)
            break;
    }
    EXPECT_LT(taken, 4 * mebibyte);
    EXPECT_FALSE(result_);
}

asio::awaitable<void> send_times(Stream& stream, std::string_view text, int times) {
    for (int i = 0; i < times; ++i)
        static_cast<void>((co_await write_all(stream, text)).value());
}

// Reads until `size` bytes have arrived, and throws if they aren't the noise.
asio::awaitable<void> check_noise(Stream& stream, std::uint64_t size, std::uint64_t& arrived) {
    std::vector<char> buffer(100'003);
    while (arrived < size) {
        const auto got = (co_await read_some(stream, buffer)).value();
        for (std::size_t i = 0; i < got; ++i)
            if (buffer[i] != noise()[(arrived + i) % noise().size()])
                throw std::runtime_error("wrong byte");
        arrived += got;
    }
}

TEST_F(ExchangeTest, LongBodiesGoBothWaysAtOnce) {
    constexpr int times = 16;
    const std::uint64_t size = noise().size() * times;
    start(fmt::format("PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
                      size));
    static_cast<void>(hear(target_, "\r\n\r\n"));
    say(target_, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size));
    EXPECT_THAT(hear(client_, "\r\n\r\n"), HasSubstr("\r\nConnection: close\r\n"));
    std::uint64_t at_target = 0;
    std::uint64_t at_client = 0;
    spawn(context_, send_times(client_, noise(), times));
    spawn(context_, send_times(target_, noise(), times - 1));
    spawn(context_, check_noise(target_, size, at_target));
    spawn(context_, check_noise(client_, size, at_client));
    const auto end = std::chrono::steady_clock::now() + test_patience;
    context_.restart();
    while ((at_target < size || at_client < size - noise().size()) &&
           context_.run_one_until(end) > 0) {
    }
    EXPECT_EQ(at_target, size);
    spawn(context_, send_times(target_, noise(), 1));
    wait();
    while (at_client < size && context_.run_one_until(end) > 0) {
    }
    EXPECT_EQ(at_client, size);
    EXPECT_EQ(result_->failure, "");
}

}  // namespace
}  // namespace glovebox::core
