// SPDX-License-Identifier: Apache-2.0

#include "core/egress/name_verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>

#include "core/service/process_setup.h"
#include "core/stream/stream_io.h"
#include "core/testing/memory_log.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

constexpr std::string_view allowed =
    "HTTP/1.1 204 No Content\r\nProxy-Status: glovebox\r\nConnection: close\r\n\r\n";
constexpr std::string_view denied =
    "HTTP/1.1 403 Forbidden\r\nProxy-Status: glovebox; error=http_request_denied\r\n\r\n"
    "add the rule a.example:443\n";

class NameVerdictsTest : public testing::Test {
  protected:
    NameVerdictsTest() { ignore_sigpipe(); }

    // The parent gives every question this answer. With an empty one, it does not answer.
    void answer_with(std::string_view answer) {
        answer_ = answer;
        if (listener_)
            return;
        listener_ = parent_.listen({cid_any, 8001}).value();
        spawn(context_, serve());
    }

    NameVerdicts& verdicts() {
        if (!verdicts_)
            verdicts_.emplace(context_.get_executor(), enclave_, log_, options_);
        return *verdicts_;
    }
    bool allows(const std::string& name) {
        const HostName parsed = HostName::parse(name).value();
        return run(context_, verdicts().allows(parsed));
    }

    asio::awaitable<void> serve() {
        while (true) {
            auto accepted = co_await listener_->accept();
            if (!accepted)
                co_return;
            std::array<char, 4096> buffer;
            const auto got = co_await read_some(accepted->stream, buffer);
            asked_.emplace_back(buffer.data(), got ? *got : 0);
            if (answer_.empty())
                silent_.push_back(std::move(accepted->stream));
            else
                static_cast<void>(co_await write_all(accepted->stream, answer_));
        }
    }

    asio::io_context context_{1};
    MemoryNetwork network_;
    MemoryTransport parent_{network_, cid_parent};
    MemoryTransport enclave_{network_, 16};
    MemoryLog log_;
    NameVerdictOptions options_{.ports = {80, 443}, .kept = 1h};
    std::string answer_;
    std::vector<std::string> asked_;
    std::vector<Stream> silent_;
    std::unique_ptr<Listener> listener_;
    std::optional<NameVerdicts> verdicts_;
};

TEST_F(NameVerdictsTest, TheProxyIsAskedOnceAndItsAnswerIsKept) {
    answer_with(denied);
    EXPECT_FALSE(allows("a.example"));
    EXPECT_FALSE(allows("a.example"));
    answer_with(allowed);
    EXPECT_TRUE(allows("b.example"));
    EXPECT_FALSE(allows("a.example"));
    ASSERT_EQ(asked_.size(), 2U);
    EXPECT_EQ(asked_.front(),
              "OPTIONS http://a.example HTTP/1.1\r\nHost: a.example\r\nMax-Forwards: 0\r\n"
              "Glovebox-Ports: 80,443\r\n\r\n");
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("a.example has no address for programs here: "
                                                 "the proxy answers: add the rule a.example:443")));
}

TEST_F(NameVerdictsTest, TwoThatAskAtOnceShareTheQuestion) {
    using namespace asio::experimental::awaitable_operators;
    answer_with(denied);
    const HostName name = HostName::parse("a.example").value();
    const auto both = run(context_, verdicts().allows(name) && verdicts().allows(name));
    EXPECT_EQ(both, std::tuple(false, false));
    EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(NameVerdictsTest, AnAnswerIsOverAfterAWhile) {
    options_.kept = 0ms;
    answer_with(denied);
    EXPECT_FALSE(allows("a.example"));
    answer_with(allowed);
    EXPECT_TRUE(allows("a.example"));
}

TEST_F(NameVerdictsTest, AProxyThatDoesNotTellAllowsEveryNameAndIsLeftAlone) {
    for (const std::string_view answer :
         {"HTTP/1.1 405 Method Not Allowed\r\nProxy-Status: glovebox; error=http_request_error\r\n"
          "\r\n",
          "HTTP/1.1 403 Forbidden\r\n\r\nby another server\n", "HTTP/1.1 200 OK\r\n\r\n",
          "SSH-2.0-OpenSSH_9.2\r\n"}) {
        verdicts_.reset();
        asked_.clear();
        answer_with(answer);
        EXPECT_TRUE(allows("a.example")) << answer;
        answer_with(denied);
        EXPECT_TRUE(allows("b.example")) << answer;
        EXPECT_EQ(asked_.size(), 1U) << answer;
    }
}

TEST_F(NameVerdictsTest, AProxyThatIsNotThereOrDoesNotAnswerIsAskedAgainLater) {
    options_.patience = 50ms;
    options_.unanswered_pause = 0ms;
    options_.kept = 0ms;
    EXPECT_TRUE(allows("a.example"));
    answer_with("");
    EXPECT_TRUE(allows("a.example"));
    answer_with(denied);
    EXPECT_FALSE(allows("a.example"));
}

TEST_F(NameVerdictsTest, FewQuestionsAreUnderWayAndFewNamesAreKept) {
    options_.questions_max = 0;
    answer_with(denied);
    EXPECT_TRUE(allows("a.example"));
    verdicts_.reset();
    options_.questions_max = 1;
    options_.names_max = 1;
    EXPECT_FALSE(allows("a.example"));
    EXPECT_TRUE(allows("b.example"));
    EXPECT_EQ(asked_.size(), 1U);
}

}  // namespace
}  // namespace glovebox::core
