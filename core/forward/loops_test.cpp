// SPDX-License-Identifier: Apache-2.0

// Several event loops, and what their threads share. ThreadSanitizer runs these too (ci/sanitize).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/dial/dialer.h"
#include "core/dial/own_addresses.h"
#include "core/dns/dns_resolver.h"
#include "core/dns/name_addresses.h"
#include "core/loop/connections.h"
#include "core/loop/event_loops.h"
#include "core/loop/slots.h"
#include "core/relay/hop_resets.h"
#include "core/stream/asio_result.h"
#include "core/testing/fake_resolver.h"
#include "core/testing/memory_log.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::Each;
using testing::Pair;
using testing::SizeIs;

constexpr std::size_t loop_count = 3;

class LoopsTest : public testing::Test {
  protected:
    // Another thread does not wake this one.
    void run_until(const std::function<bool()>& is_so) {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        while (!is_so() && std::chrono::steady_clock::now() < end) {
            loops_.first().restart();
            loops_.first().run_one_for(1ms);
        }
        EXPECT_TRUE(is_so());
    }
    // Runs the work on each loop at the same time, until all of it has ended.
    void run_on_all(const std::function<asio::awaitable<void>(std::size_t loop)>& work) {
        std::atomic<std::size_t> ended = 0;
        for (std::size_t i = 0; i < loop_count; ++i)
            asio::co_spawn(loops_.all()[i].executor, work(i),
                           [&ended](const std::exception_ptr& thrown) {
                               if (thrown)
                                   std::rethrow_exception(thrown);
                               ++ended;
                           });
        run_until([&ended] { return ended == loop_count; });
    }
    template <class T>
    T run(asio::awaitable<T> work) {
        return core::run(loops_.first(), std::move(work));
    }

    EventLoops loops_{loop_count, {}};
    MemoryLog log_;
};

// Where connections are, and how many of them.
struct Seen {
    std::mutex mutex;
    std::map<const Loop*, std::set<std::thread::id>> threads;
    std::map<const Loop*, int> connections;
};

asio::awaitable<void> stay(Seen& seen, const Loop& loop) {
    {
        const std::lock_guard guard(seen.mutex);
        seen.threads[&loop].insert(std::this_thread::get_id());
        ++seen.connections[&loop];
    }
    asio::steady_timer never(loop.executor, asio::steady_timer::time_point::max());
    co_await never.async_wait(as_result);
    const std::lock_guard guard(seen.mutex);
    --seen.connections[&loop];
}

TEST_F(LoopsTest, AConnectionGoesToTheLoopWithTheFewestAndStaysOnItsThread) {
    Seen seen;
    Connections connections(loops_.all(), log_);
    const LoopThreads threads(loops_);
    for (std::size_t i = 0; i < 4 * loop_count; ++i)
        connections.spawn([&seen](const Loop& loop) { return stay(seen, loop); });
    const auto is_full = [&seen] {
        const std::lock_guard guard(seen.mutex);
        int all = 0;
        for (const auto& [loop, count] : seen.connections)
            all += count;
        return all == 4 * loop_count;
    };
    run_until(is_full);
    EXPECT_EQ(connections.size(), 4 * loop_count);
    EXPECT_THAT(seen.connections, SizeIs(loop_count));
    EXPECT_THAT(seen.connections, Each(Pair(testing::_, 4)));
    EXPECT_THAT(seen.threads, Each(Pair(testing::_, SizeIs(1))));
    EXPECT_THAT(seen.threads[&loops_.all().front()], testing::Contains(std::this_thread::get_id()));
    connections.cancel();
    run_until([&connections] { return connections.size() == 0; });
    EXPECT_THAT(seen.connections, Each(Pair(testing::_, 0)));
    // Equal again: the first loop, whose thread is awake.
    connections.spawn([&seen](const Loop& loop) { return stay(seen, loop); });
    run_until([&seen, this] { return seen.connections[&loops_.all().front()] == 1; });
    bool finished = false;
    spawn(loops_.first(), [](Connections& all, bool& done) -> asio::awaitable<void> {
        co_await all.finish(20ms);
        done = true;
    }(connections, finished));
    run_until([&finished] { return finished; });
    EXPECT_EQ(connections.size(), 0U);
}

TEST_F(LoopsTest, AnExceptionOfAThreadIsTheFirstLoops) {
    const LoopThreads threads(loops_);
    asio::post(loops_.all().back().executor, [] { throw std::runtime_error("a bug"); });
    EXPECT_THROW(run_until([] { return false; }), std::runtime_error);
}

TEST_F(LoopsTest, SignalsAreTheFirstThreads) {
    const LoopThreads threads(loops_);
    std::atomic<int> blocked = -1;
    asio::post(loops_.all().back().executor, [&blocked] {
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        blocked = ::sigismember(&mask, SIGTERM) + ::sigismember(&mask, SIGHUP);
    });
    run_until([&blocked] { return blocked >= 0; });
    EXPECT_EQ(blocked, 2);
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    EXPECT_EQ(::sigismember(&mask, SIGTERM), 0) << "the first thread's stay as they are";
}

TEST_F(LoopsTest, PipesAreForAllLoopsTogether) {
    EventLoops loops(4, {.pipe_size = 64 * 1024, .pipes_max = 8});
    for (const Loop& loop : loops.all()) {
        std::vector<Pipe> pipes;
        while (auto pipe = loop.pipes.take())
            pipes.push_back(std::move(*pipe));
        EXPECT_THAT(pipes, SizeIs(2));
        for (Pipe& pipe : pipes)
            loop.pipes.give_back(std::move(pipe));
    }
}

TEST_F(LoopsTest, NoMoreConnectionsAreOpenThanTheSlots) {
    constexpr int rounds = 300;
    constexpr int at_once = 10;  // of each loop
    constexpr Cid cid = 16;
    Slots slots({.open_max = 8, .waiting_max = 1000}, log_);
    const Slots::Listener listener = slots.add_listener();
    std::atomic<int> open = 0;
    std::atomic<int> most = 0;
    std::atomic<int> served = 0;
    std::atomic<int> ended = 0;
    const auto connect = [&]() -> asio::awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        for (int i = 0; i < rounds / at_once; ++i) {
            auto ticket = co_await slots.admit(cid, listener);
            if (!ticket || !(ticket->has_slot() || co_await ticket->slot()))
                continue;
            const int now = ++open;
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
            co_await asio::post(executor, asio::use_awaitable);
            --open;
            ++served;
        }
        ++ended;
    };
    const LoopThreads threads(loops_);
    for (const Loop& loop : loops_.all())
        for (int i = 0; i < at_once; ++i)
            asio::co_spawn(loop.executor, connect(), asio::detached);
    run_until([&ended] { return ended == at_once * static_cast<int>(loop_count); });
    EXPECT_EQ(served, rounds * static_cast<int>(loop_count));
    EXPECT_EQ(most, 7) << "seven eighths of 8, for one CID";
}

// The connecting sides on all loops, the channel on one of them.
TEST_F(LoopsTest, ResetsAreHeardFromEveryLoop) {
    constexpr Port ports = 500;
    const auto near = std::make_shared<HopResets>();
    const auto far = std::make_shared<HopResets>();
    auto [left, right] = stream_pair(loops_.first().get_executor());
    asio::cancellation_signal stop_near;
    asio::cancellation_signal stop_far;
    asio::co_spawn(loops_.first(), HopResets::serve(near, std::move(left)),
                   asio::bind_cancellation_slot(stop_near.slot(), asio::detached));
    asio::co_spawn(loops_.first(), HopResets::serve(far, std::move(right)),
                   asio::bind_cancellation_slot(stop_far.slot(), asio::detached));
    std::atomic<int> heard = 0;
    std::atomic<int> heard_wrongly = 0;
    const LoopThreads threads(loops_);
    run_on_all([&](std::size_t loop) -> asio::awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        for (Port i = 0; i < ports; ++i) {
            const auto port = static_cast<Port>(2000 + 1000 * loop + i);
            const auto told = near->watch(port);
            const auto told_of = far->watch(port);
            int ends[2];
            if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
                co_return;
            UniqueFd ours(ends[0]);
            auto theirs = Stream::make(executor, UniqueFd(ends[1]));
            const bool resets = i % 2 == 0;
            if (resets)
                told->reset(std::move(ours));
            else
                ours.reset();
            std::array<char, 1> none;
            static_cast<void>(co_await read_some(*theirs, none));
            if (told_of->heard() == resets)
                ++heard;
            else
                ++heard_wrongly;
        }
    });
    EXPECT_EQ(heard, static_cast<int>(loop_count * ports));
    EXPECT_EQ(heard_wrongly, 0);
    stop_near.emit(asio::cancellation_type::terminal);
    stop_far.emit(asio::cancellation_type::terminal);
    run_until([&] { return near->channels() + far->channels() == 0; });
}

// Lookups that last until they are released or cancelled.
struct SlowNames {
    std::vector<asio::steady_timer*> waiting;
    std::size_t most = 0;
    int lookups = 0;
    std::set<std::thread::id> threads;

    asio::awaitable<Result<FoundAddresses>> look_up() {
        ++lookups;
        threads.insert(std::this_thread::get_id());
        asio::steady_timer timer(co_await asio::this_coro::executor,
                                 asio::steady_timer::time_point::max());
        waiting.push_back(&timer);
        most = std::max(most, waiting.size());
        co_await timer.async_wait(as_result);
        std::erase(waiting, &timer);
        co_return FoundAddresses{{parse_ip_address("192.0.2.1").value()}, 60s};
    }
};

HostName name_of(const std::string& text) {
    return HostName::parse(text).value();
}

TEST_F(LoopsTest, NamesAreLookedUpOnceForAllLoopsWithinOneLimit) {
    SlowNames names;
    DnsResolver resolver(loops_.first().get_executor(), {.lookups_max = 8, .files = {}},
                         [&names](const HostName&) { return names.look_up(); });
    std::atomic<int> answered = 0;
    const LoopThreads threads(loops_);
    constexpr int askers = 12;
    for (const Loop& loop : loops_.all())
        for (int i = 0; i < askers; ++i)
            asio::co_spawn(
                loop.executor,
                [](Resolver& to, std::string name,
                   std::atomic<int>& count) -> asio::awaitable<void> {
                    const auto answer = co_await to.resolve(name_of(name), 16);
                    count += answer ? 1 : 0;
                }(resolver, "host" + std::to_string(i) + ".example", answered),
                asio::detached);
    run_until([&] {
        if (!names.waiting.empty())
            names.waiting.front()->cancel();
        return answered == askers * static_cast<int>(loop_count);
    });
    EXPECT_EQ(names.lookups, askers);
    EXPECT_LE(names.most, 4U) << "half of them for one asker";
    EXPECT_THAT(names.threads, testing::ElementsAre(std::this_thread::get_id()));
    // Now kept, and found by every loop by itself.
    run_on_all([&](std::size_t) -> asio::awaitable<void> {
        EXPECT_TRUE(co_await resolver.resolve(name_of("host1.example"), 16));
    });
    EXPECT_EQ(names.lookups, askers);
}

TEST_F(LoopsTest, ALookupThatAnotherLoopNoLongerWaitsForIsCancelled) {
    SlowNames names;
    DnsResolver resolver(loops_.first().get_executor(), {.files = {}},
                         [&names](const HostName&) { return names.look_up(); });
    asio::cancellation_signal stop;
    std::atomic<bool> ended = false;
    const auto ask = [&]() -> asio::awaitable<void> {
        const auto answer = co_await resolver.resolve(name_of("dead.example"), 16);
        EXPECT_EQ(answer.error().code, asio::error::operation_aborted);
        ended = true;
    };
    const LoopThreads threads(loops_);
    const auto executor = loops_.all().back().executor;
    asio::post(executor, [&] {
        asio::co_spawn(executor, ask(), asio::bind_cancellation_slot(stop.slot(), asio::detached));
    });
    run_until([&names] { return names.waiting.size() == 1; });
    asio::post(executor, [&stop] { stop.emit(asio::cancellation_type::terminal); });
    run_until([&] { return ended && names.waiting.empty(); });
}

TEST_F(LoopsTest, NewRulesHoldOnEveryLoop) {
    FakeResolver names;
    const Allowlist open({TargetRule::parse("192.0.2.1:443").value()});
    Dialer dialer(open, names);
    const Target target = parse_target("192.0.2.1:443").value();
    std::atomic<bool> is_closed = false;
    std::atomic<int> allowed_after = 0;
    const LoopThreads threads(loops_);
    run_on_all([&](std::size_t loop) -> asio::awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            const bool was_closed = is_closed;
            if (dialer.may_dial(target) && was_closed)
                ++allowed_after;
            if (loop == 0 && i == 150) {
                dialer.replace(Allowlist());
                is_closed = true;
            }
        }
        co_return;
    });
    EXPECT_EQ(allowed_after, 0);
    EXPECT_FALSE(dialer.may_dial(target));
}

TEST_F(LoopsTest, ANameThatIsUsedOnOneLoopKeepsItsAddressOnAll) {
    NameAddresses names(8);
    std::atomic<int> wrong = 0;
    const LoopThreads threads(loops_);
    run_on_all([&](std::size_t loop) -> asio::awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            const HostName name =
                name_of("n" + std::to_string(i % 20) + "." + std::to_string(loop) + ".example");
            const auto address = names.address_of(name);
            const auto use = address ? names.use(*address) : std::nullopt;
            // Meanwhile a name of another loop may have taken the address.
            if (use && (use->name() != name && names.use(*address)->name() != use->name()))
                ++wrong;
        }
        co_return;
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(names.size(), 8U);
}

}  // namespace
}  // namespace glovebox::core
