// SPDX-License-Identifier: Apache-2.0

#include "core/dns/dns_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/address/proxy_error.h"
#include "core/stream/asio_result.h"
#include "core/stream/timeout.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;
using Answer = Result<std::vector<IpAddress>>;

HostName name(std::string_view text) {
    return HostName::parse(text).value();
}

// Names that begin with "dead" hang until they are released or cancelled; others answer 192.0.2.1
// at once.
struct DeadNames {
    struct Hanging {
        asio::steady_timer timer;
        bool released = false;
    };
    std::deque<Hanging*> hanging;
    int lookups = 0;

    static asio::awaitable<Result<FoundAddresses>> look_up(std::shared_ptr<DeadNames> names,
                                                           HostName asked) {
        ++names->lookups;
        if (asked.text().starts_with("dead")) {
            Hanging one{asio::steady_timer(co_await asio::this_coro::executor,
                                           asio::steady_timer::time_point::max())};
            names->hanging.push_back(&one);
            co_await one.timer.async_wait(as_result);
            std::erase(names->hanging, &one);
            if (!one.released)
                co_return Error(asio::error::operation_aborted, "cancelled");
        }
        co_return FoundAddresses{{parse_ip_address("192.0.2.1").value()}, 0s};
    }
    static Lookup lookup(const std::shared_ptr<DeadNames>& names) {
        return [names](HostName asked) { return look_up(names, std::move(asked)); };
    }
    // Answers the one that hangs longest.
    void release() {
        hanging.front()->released = true;
        hanging.front()->timer.cancel();
        hanging.pop_front();
    }
};

class DnsResolverTest : public testing::Test {
  protected:
    // Asks and leaves the answer to whoever looks.
    std::shared_ptr<std::optional<Answer>> ask(Resolver& resolver, std::string_view text,
                                               Cid asker = 16) {
        auto answer = std::make_shared<std::optional<Answer>>();
        spawn(context_,
              [](Resolver& r, HostName n, Cid c,
                 std::shared_ptr<std::optional<Answer>> a) -> asio::awaitable<void> {
                  auto result = co_await r.resolve(std::move(n), c);
                  *a = std::move(result);
              }(resolver, name(text), asker, answer));
        context_.restart();
        context_.poll();
        return answer;
    }

    template <class Condition>
    void run_until(const Condition& holds) {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        context_.restart();
        while (!holds() && context_.run_one_until(end) > 0) {
        }
        ASSERT_TRUE(holds());
    }

    asio::io_context context_;
    std::shared_ptr<DeadNames> names_ = std::make_shared<DeadNames>();
};

TEST_F(DnsResolverTest, AnswersWithAddresses) {
    DnsResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto answer = run(context_, resolver.resolve(name("alive.example"), 16));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->front().to_string(), "192.0.2.1");
}

TEST_F(DnsResolverTest, ADeadNameStallsNobodyElse) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 4}, DeadNames::lookup(names_));
    const auto dead = ask(resolver, "dead.example");
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
    EXPECT_FALSE(*dead);
}

TEST_F(DnsResolverTest, ADeadNameIsGivenUpAtTheDeadline) {
    DnsResolver resolver(context_.get_executor(), {.deadline = 20ms}, DeadNames::lookup(names_));
    const auto answer = run(context_, resolver.resolve(name("dead.example"), 16));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyError::lookup_timed_out);
    EXPECT_THAT(answer.error().message,
                HasSubstr("no name server answered within 20 ms for the name dead.example"));
}

TEST_F(DnsResolverTest, OneDeadNameHoldsOneLookupHoweverOftenItIsAsked) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 4}, DeadNames::lookup(names_));
    for (int i = 0; i < 5; ++i)
        ask(resolver, "dead.example");
    EXPECT_EQ(names_->lookups, 1);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
}

TEST_F(DnsResolverTest, ALookupIsCancelledWhenTheLastOfItsAskersHasLeft) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 2, .deadline = 20ms},
                         DeadNames::lookup(names_));
    // Two of them would take both lookups.
    for (int i = 0; i < 5; ++i) {
        const auto first = ask(resolver, "dead.example");
        EXPECT_FALSE(run(context_, resolver.resolve(name("dead.example"), 17)));
        EXPECT_TRUE(*first);
        context_.restart();
        context_.poll();
        EXPECT_EQ(names_->hanging.size(), 0U);
    }
    EXPECT_EQ(names_->lookups, 5);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
}

TEST_F(DnsResolverTest, AllWhoAskForOneNameShareItsAnswer) {
    DnsResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    std::vector<std::shared_ptr<std::optional<Answer>>> answers;
    for (const Cid asker : {16U, 16U, 17U})
        answers.push_back(ask(resolver, "dead.example", asker));
    names_->release();
    for (const auto& answer : answers) {
        run_until([&] { return answer->has_value(); });
        EXPECT_TRUE(**answer);
    }
    EXPECT_EQ(names_->lookups, 1);
}

TEST_F(DnsResolverTest, AHundredDeadNamesOfOneEnclaveStallNeitherAnotherNorItself) {
    DnsResolver resolver(context_.get_executor(), {.deadline = 10s}, DeadNames::lookup(names_));
    for (int i = 0; i < 100; ++i)
        ask(resolver, "dead" + std::to_string(i) + ".example");
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 17)));
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
}

TEST_F(DnsResolverTest, HoweverManyDeadNamesTwoEnclavesBringAThirdFindsALookup) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 16, .deadline = 10s},
                         DeadNames::lookup(names_));
    for (const Cid asker : {16U, 17U})
        for (int i = 0; i < 100; ++i)
            ask(resolver, "dead" + std::to_string(i) + ".of" + std::to_string(asker), asker);
    // 8 of 16 are no more than were left, then 4 of the other 8.
    EXPECT_EQ(names_->hanging.size(), 12U);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 18)));
    EXPECT_EQ(names_->lookups, 13);
}

TEST_F(DnsResolverTest, ANameInOneEnclavesQueueIsLookedUpForAnotherThatAsks) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 4, .deadline = 10s},
                         DeadNames::lookup(names_));
    ask(resolver, "dead1.example", 16);
    ask(resolver, "dead2.example", 16);
    const auto queued = ask(resolver, "alive.example", 16);
    EXPECT_FALSE(*queued);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 17)));
    context_.restart();
    context_.poll();
    ASSERT_TRUE(*queued);
    EXPECT_TRUE(**queued);
    EXPECT_EQ(names_->lookups, 3);
}

TEST_F(DnsResolverTest, WhenAShareIsSpentTheSentenceSaysSoAndOneThatComesBackMendsIt) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 4, .deadline = 30ms},
                         DeadNames::lookup(names_));
    ask(resolver, "dead1.example");
    ask(resolver, "dead2.example");
    const auto answer = ask(resolver, "alive.example");
    // So that both are under way beyond the deadline of the third.
    ask(resolver, "dead1.example", 17);
    ask(resolver, "dead2.example", 17);
    run_until([&] { return answer->has_value(); });
    ASSERT_FALSE(**answer);
    EXPECT_EQ((*answer)->error().code, ProxyError::lookup_timed_out);
    EXPECT_THAT((*answer)->error().message,
                HasSubstr("2 lookups wait for name servers that do not answer, 2 of them for CID "
                          "16, which may have no more than are left of 4"));
    EXPECT_EQ(names_->lookups, 2);
    run_until([&] { return names_->hanging.empty(); });
    EXPECT_TRUE(run(context_, resolver.resolve(name("other.example"), 16)));
}

TEST_F(DnsResolverTest, ANameThatNobodyWaitsForAnyMoreIsNotLookedUp) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 1, .deadline = 30ms},
                         DeadNames::lookup(names_));
    ask(resolver, "dead.example");
    const auto late = ask(resolver, "late.example");
    ask(resolver, "dead.example", 17);
    run_until([&] { return late->has_value() && names_->hanging.empty(); });
    EXPECT_FALSE(**late);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
    EXPECT_EQ(names_->lookups, 2);
}

TEST_F(DnsResolverTest, MoreNamesThanMayWaitAreRefusedAtOnce) {
    DnsResolver resolver(context_.get_executor(),
                         {.lookups_max = 1, .waiting_max = 2, .deadline = 10s},
                         DeadNames::lookup(names_));
    ask(resolver, "dead.example");
    ask(resolver, "a.example");
    ask(resolver, "b.example");
    const auto answer = run(context_, resolver.resolve(name("c.example"), 16));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyError::lookup_queue_full);
    // Another's names are not counted to it.
    const auto of_another = ask(resolver, "c.example", 17);
    EXPECT_FALSE(*of_another);
}

TEST_F(DnsResolverTest, AnAskerMayBeCalledOff) {
    DnsResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto answer =
        run(context_, with_timeout(resolver.resolve(name("dead.example"), 16), 10ms,
                                   Error(ProxyError::connect_timed_out, "called off")));
    EXPECT_EQ(answer.error().message, "called off");
    run_until([&] { return names_->hanging.empty(); });
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
}

TEST_F(DnsResolverTest, ItsEndCancelsWhatIsUnderWay) {
    {
        DnsResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
        ask(resolver, "dead.example");
        EXPECT_EQ(names_->hanging.size(), 1U);
    }
    context_.restart();
    context_.poll();
    EXPECT_EQ(names_->hanging.size(), 0U);
}

TEST_F(DnsResolverTest, AnAnswerThatHoldsIsNotLookedUpAgain) {
    int lookups = 0;
    const auto kept = [&](HostName) -> asio::awaitable<Result<FoundAddresses>> {
        ++lookups;
        co_return FoundAddresses{{parse_ip_address("192.0.2.1").value()}, 1h};
    };
    DnsResolver resolver(context_.get_executor(), {}, kept);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(run(context_, resolver.resolve(name("kept.example"), 16)));
    EXPECT_EQ(lookups, 1);
}

TEST_F(DnsResolverTest, ManyNamesAtOnceAreAllAnswered) {
    DnsResolver resolver(context_.get_executor(), {.lookups_max = 4, .waiting_max = 1000},
                         DeadNames::lookup(names_));
    std::vector<std::shared_ptr<std::optional<Answer>>> answers;
    // While these hang, the others wait; then each starts with the end of another.
    ask(resolver, "dead1.example");
    ask(resolver, "dead2.example");
    for (int i = 0; i < 500; ++i)
        answers.push_back(ask(resolver, "name" + std::to_string(i) + ".example"));
    EXPECT_EQ(names_->lookups, 2);
    names_->release();
    run_until([&] {
        return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return *a; });
    });
    for (const auto& answer : answers) {
        ASSERT_TRUE(*answer);
        EXPECT_TRUE(**answer);
    }
}

}  // namespace
}  // namespace glovebox::core
