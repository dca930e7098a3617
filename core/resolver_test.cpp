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
    std::shared_ptr<std::optional<Answer>> ask(Resolver& resolver, std::string_view text) {
        auto answer = std::make_shared<std::optional<Answer>>();
        spawn(context_,
              [](Resolver& r, HostName n,
                 std::shared_ptr<std::optional<Answer>> a) -> asio::awaitable<void> {
                  auto result = co_await r.resolve(std::move(n));
                  *a = std::move(result);
              }(resolver, name(text), answer));
        context_.restart();
        context_.poll();
        return answer;
    }

    asio::io_context context_;
    std::shared_ptr<DeadNames> names_ = std::make_shared<DeadNames>();
};

TEST_F(ThreadedResolverTest, AnswersWithAddresses) {
    ThreadedResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto answer = run(context_, resolver.resolve(name("alive.example")));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->front().to_string(), "192.0.2.1");
}

TEST_F(ThreadedResolverTest, ADeadNameStallsNobodyElse) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 2},
                              DeadNames::lookup(names_));
    const auto dead = ask(resolver, "dead.example");
    names_->hung.acquire();
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"))));
    EXPECT_FALSE(*dead);
}

TEST_F(ThreadedResolverTest, ADeadNameIsGivenUpAtTheDeadline) {
    ThreadedResolver resolver(context_.get_executor(), {.deadline = 20ms},
                              DeadNames::lookup(names_));
    const auto answer = run(context_, resolver.resolve(name("dead.example")));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyErrc::lookup_timed_out);
    EXPECT_THAT(answer.error().message,
                HasSubstr("no name server answered within 20 ms for the name dead.example"));
}

TEST_F(ThreadedResolverTest, OneDeadNameHoldsOneThreadHoweverOftenItIsAsked) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 2, .deadline = 20ms},
                              DeadNames::lookup(names_));
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(run(context_, resolver.resolve(name("dead.example"))));
    EXPECT_EQ(names_->lookups, 1);
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"))));
}

TEST_F(ThreadedResolverTest, AllWhoAskForOneNameShareItsAnswer) {
    ThreadedResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto first = ask(resolver, "dead.example");
    const auto second = ask(resolver, "dead.example");
    names_->release.release();
    EXPECT_TRUE(run(context_, resolver.resolve(name("dead.example"))));
    context_.restart();
    context_.poll();
    ASSERT_TRUE(*first && *second);
    EXPECT_TRUE(**first && **second);
    EXPECT_EQ(names_->lookups, 1);
}

TEST_F(ThreadedResolverTest, WhenEveryThreadIsStuckTheSentenceSaysSo) {
    ThreadedResolver resolver(context_.get_executor(), {.threads_max = 2, .deadline = 30ms},
                              DeadNames::lookup(names_));
    ask(resolver, "dead1.example");
    ask(resolver, "dead2.example");
    names_->hung.acquire();
    names_->hung.acquire();
    const auto answer = run(context_, resolver.resolve(name("alive.example")));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyErrc::lookup_timed_out);
    EXPECT_THAT(answer.error().message, HasSubstr("all 2 lookup threads wait for name servers"));
    // And when one comes back, all is well again.
    names_->release.release();
    names_->release.release();
    EXPECT_TRUE(run(context_, resolver.resolve(name("other.example"))));
}

TEST_F(ThreadedResolverTest, MoreNamesThanMayWaitAreRefusedAtOnce) {
    ThreadedResolver resolver(context_.get_executor(),
                              {.threads_max = 1, .waiting_max = 2, .deadline = 10s},
                              DeadNames::lookup(names_));
    ask(resolver, "dead.example");
    names_->hung.acquire();
    ask(resolver, "a.example");
    ask(resolver, "b.example");
    const auto answer = run(context_, resolver.resolve(name("c.example")));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ProxyErrc::lookup_queue_full);
}

TEST_F(ThreadedResolverTest, AnAskerMayBeCalledOff) {
    ThreadedResolver resolver(context_.get_executor(), {}, DeadNames::lookup(names_));
    const auto answer =
        run(context_, with_timeout(resolver.resolve(name("dead.example")), 10ms,
                                   Error(ProxyErrc::connect_timed_out, "called off")));
    EXPECT_EQ(answer.error().message, "called off");
    names_->release.release();
    EXPECT_TRUE(run(context_, resolver.resolve(name("alive.example"))));
}

TEST_F(ThreadedResolverTest, ItsEndWaitsForNobodyAndALateAnswerDoesNoHarm) {
    {
        ThreadedResolver resolver(context_.get_executor(), {.deadline = 10ms},
                                  DeadNames::lookup(names_));
        EXPECT_FALSE(run(context_, resolver.resolve(name("dead.example"))));
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
