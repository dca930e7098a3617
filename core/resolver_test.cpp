// SPDX-License-Identifier: Apache-2.0

#include "core/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "core/proxy_error.h"
#include "core/testing/run.h"
#include "core/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;
using Answer = Result<std::vector<IpAddress>>;

HostName name(std::string_view text) {
    return HostName::parse(text).value();
}

// Names that begin with "dead" hang until the end of the test; others answer 192.0.2.1 at once.
// What the lookups share outlives the test, as hanging threads do.
struct DeadNames {
    std::counting_semaphore<> release{0};
    std::counting_semaphore<> hung{0};
    std::atomic<int> lookups{0};

    static Lookup lookup(const std::shared_ptr<DeadNames>& names) {
        return [names](const HostName& asked) -> Answer {
            ++names->lookups;
            if (asked.text().starts_with("dead")) {
                names->hung.release();
                names->release.acquire();
            }
            return std::vector<IpAddress>{parse_ip_address("192.0.2.1").value()};
        };
    }
};

class ThreadedResolverTest : public testing::Test {
  protected:
    ~ThreadedResolverTest() override { names_->release.release(1000); }

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

    asio::io_context context_;
    std::shared_ptr<DeadNames> names_ = std::make_shared<DeadNames>();
};

TEST_F(ThreadedResolverTest, AnswersWithAddresses) {
    ThreadedResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto answer = run(context_, resolver.resolve(name("alive.example"), 16));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->front().to_string(), "192.0.2.1");
}

TEST_F(ThreadedResolverTest, ADeadNameStallsNobodyElse) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 4},
                              DeadNames::lookup(names_));
    const auto dead = ask(resolver, "dead.example");
    names_->hung.acquire();
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
    EXPECT_FALSE(*dead);
}

TEST_F(ThreadedResolverTest, ADeadNameIsGivenUpAtTheDeadline) {
    ThreadedResolver resolver(context_.get_executor(), {.deadline = 20ms},
                              DeadNames::lookup(names_));
    const auto answer = run(context_, resolver.resolve(name("dead.example"), 16));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyError::lookup_timed_out);
    EXPECT_THAT(answer.error().message,
                HasSubstr("no name server answered within 20 ms for the name dead.example"));
}

TEST_F(ThreadedResolverTest, OneDeadNameHoldsOneThreadHoweverOftenItIsAsked) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 4, .deadline = 20ms},
                              DeadNames::lookup(names_));
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(run(context_, resolver.resolve(name("dead.example"), 16)));
    EXPECT_EQ(names_->lookups, 1);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
}

TEST_F(ThreadedResolverTest, AllWhoAskForOneNameShareItsAnswer) {
    ThreadedResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto first = ask(resolver, "dead.example");
    const auto second = ask(resolver, "dead.example");
    names_->release.release();
    EXPECT_TRUE(run(context_, resolver.resolve(name("dead.example"), 16)));
    context_.restart();
    context_.poll();
    ASSERT_TRUE(*first && *second);
    EXPECT_TRUE(**first && **second);
    EXPECT_EQ(names_->lookups, 1);
}

TEST_F(ThreadedResolverTest, AHundredDeadNamesOfOneEnclaveStallNeitherAnotherNorItself) {
    ThreadedResolver resolver(context_.get_executor(), {.deadline = 10s},
                              DeadNames::lookup(names_));
    for (int i = 0; i < 100; ++i)
        ask(resolver, "dead" + std::to_string(i) + ".example");
    for (int i = 0; i < 100; ++i)
        names_->hung.acquire();
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 17)));
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
}

TEST_F(ThreadedResolverTest, HoweverManyDeadNamesTwoEnclavesBringAThirdFindsAThread) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 16, .deadline = 10s},
                              DeadNames::lookup(names_));
    for (const Cid asker : {16U, 17U})
        for (int i = 0; i < 100; ++i)
            ask(resolver, "dead" + std::to_string(i) + ".of" + std::to_string(asker), asker);
    // 8 of 16 are no more than were left, then 4 of the other 8.
    for (int i = 0; i < 12; ++i)
        names_->hung.acquire();
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 18)));
    EXPECT_EQ(names_->lookups, 13);
}

TEST_F(ThreadedResolverTest, ANameInOneEnclavesQueueIsLookedUpForAnotherThatAsks) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 4, .deadline = 10s},
                              DeadNames::lookup(names_));
    ask(resolver, "dead1.example", 16);
    ask(resolver, "dead2.example", 16);
    names_->hung.acquire();
    names_->hung.acquire();
    const auto queued = ask(resolver, "alive.example", 16);
    EXPECT_FALSE(*queued);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 17)));
    context_.restart();
    context_.poll();
    ASSERT_TRUE(*queued);
    EXPECT_TRUE(**queued);
    EXPECT_EQ(names_->lookups, 3);
}

TEST_F(ThreadedResolverTest, WhenAShareIsSpentTheSentenceSaysSoAndOneThatComesBackMendsIt) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 4, .deadline = 30ms},
                              DeadNames::lookup(names_));
    ask(resolver, "dead1.example");
    ask(resolver, "dead2.example");
    names_->hung.acquire();
    names_->hung.acquire();
    const auto answer = run(context_, resolver.resolve(name("alive.example"), 16));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyError::lookup_timed_out);
    EXPECT_THAT(answer.error().message,
                HasSubstr("2 lookups wait for name servers that do not answer, 2 of them for CID "
                          "16, which may have no more than are left of 4"));
    names_->release.release();
    names_->release.release();
    EXPECT_TRUE(run(context_, resolver.resolve(name("other.example"), 16)));
}

TEST_F(ThreadedResolverTest, ANameThatNobodyWaitsForAnyMoreIsNotLookedUp) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 1, .deadline = 30ms},
                              DeadNames::lookup(names_));
    ask(resolver, "dead.example");
    names_->hung.acquire();
    EXPECT_FALSE(run(context_, resolver.resolve(name("late.example"), 16)));
    names_->release.release();
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
    EXPECT_EQ(names_->lookups, 2);
}

TEST_F(ThreadedResolverTest, MoreNamesThanMayWaitAreRefusedAtOnce) {
    ThreadedResolver resolver(context_.get_executor(),
                              {.threads_max = 1, .waiting_max = 2, .deadline = 10s},
                              DeadNames::lookup(names_));
    ask(resolver, "dead.example");
    names_->hung.acquire();
    ask(resolver, "a.example");
    ask(resolver, "b.example");
    const auto answer = run(context_, resolver.resolve(name("c.example"), 16));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyError::lookup_queue_full);
    // Another's names are not counted to it.
    const auto of_another = ask(resolver, "c.example", 17);
    EXPECT_FALSE(*of_another);
}

TEST_F(ThreadedResolverTest, AnAskerMayBeCalledOff) {
    ThreadedResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto answer =
        run(context_, with_timeout(resolver.resolve(name("dead.example"), 16), 10ms,
                                   Error(ProxyError::connect_timed_out, "called off")));
    EXPECT_EQ(answer.error().message, "called off");
    names_->release.release();
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"), 16)));
}

TEST_F(ThreadedResolverTest, ItsEndWaitsForNobodyAndALateAnswerDoesNoHarm) {
    {
        ThreadedResolver resolver(context_.get_executor(), {.deadline = 10ms},
                                  DeadNames::lookup(names_));
        EXPECT_FALSE(run(context_, resolver.resolve(name("dead.example"), 16)));
    }
    names_->release.release();
    context_.restart();
    EXPECT_EQ(context_.poll(), 0U);
}

TEST_F(ThreadedResolverTest, ManyNamesAtOnceAreAllAnswered) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 4, .waiting_max = 1000},
                              DeadNames::lookup(names_));
    std::vector<std::shared_ptr<std::optional<Answer>>> answers;
    for (int i = 0; i < 500; ++i)
        answers.push_back(ask(resolver, "name" + std::to_string(i) + ".example"));
    const auto all = [&] {
        return std::all_of(answers.begin(), answers.end(), [](const auto& a) { return *a; });
    };
    const auto end = std::chrono::steady_clock::now() + test_patience;
    while (!all() && std::chrono::steady_clock::now() < end) {
        context_.restart();
        context_.run_one_until(end);
    }
    for (const auto& answer : answers) {
        ASSERT_TRUE(*answer);
        EXPECT_TRUE(**answer);
    }
}

TEST(LookUp, LocalhostIsThisHost) {
    const auto answer = look_up(name("localhost"));
    ASSERT_TRUE(answer) << answer.error().message;
    for (const IpAddress& address : *answer)
        EXPECT_TRUE(address.is_loopback()) << address;
}

}  // namespace
}  // namespace glovebox::core
