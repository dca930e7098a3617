// SPDX-License-Identifier: Apache-2.0

#include "core/dns/dns_resolver.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/address/proxy_error.h"
#include "core/base/clock.h"
#include "core/base/file_watch.h"
#include "core/dns/name_cache.h"
#include "core/loop/loop_condition.h"
#include "core/loop/shares.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {

namespace asio = boost::asio;
using Answer = Result<std::vector<IpAddress>>;

// One name that is looked up or waits for it, and the alarm clocks of all who want its answer.
struct DnsResolver::Flight {
    explicit Flight(HostName looked_up) : name(std::move(looked_up)) {}

    HostName name;
    bool started = false;
    int generation = 0;  // of the files, when it started
    asio::cancellation_signal stop;
    std::optional<Answer> answer;
    std::vector<asio::steady_timer*> waiting;
};

// All flights. A lookup that is cancelled ends after the resolver.
class DnsResolver::Flights : public std::enable_shared_from_this<DnsResolver::Flights> {
  public:
    Flights(asio::any_io_executor executor, ResolverOptions options, Lookup lookup)
        : executor_(std::move(executor)),
          options_(std::move(options)),
          lookup_(std::move(lookup)),
          lookups_(options_.lookups_max) {
        for (const std::string& path : options_.files)
            files_.emplace_back(path);
    }

    // What an earlier lookup found; empty if it no longer holds. From any thread.
    [[nodiscard]] std::optional<Answer> find_cached(const HostName& name) {
        const std::lock_guard guard(cache_mutex_);
        drop_cache_after_change();
        const Answer* const answer = cache_.find(name, std::chrono::steady_clock::now());
        return answer == nullptr ? std::nullopt : std::optional(*answer);
    }

    [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
    [[nodiscard]] std::chrono::milliseconds deadline() const { return options_.deadline; }

    // The name's one flight, which begins at once, or when `asker` may have a lookup.
    Result<std::shared_ptr<Flight>> join(const HostName& name, Cid asker);

    // A flight that nobody waits for any more is cancelled, or does not begin.
    void leave(const std::shared_ptr<Flight>& flight);

    // Why there was no answer: tells apart a name that nobody answers for and one that never had
    // its turn.
    [[nodiscard]] Error too_late(const Flight& flight, Cid asker) const;

    // The resolver is gone: every lookup is cancelled, and none begins.
    void close();

  private:
    using Queue = std::deque<std::shared_ptr<Flight>>;

    void start(const std::shared_ptr<Flight>& flight, Cid asker);
    void start_waiting();
    // With the mutex locked.
    void drop_cache_after_change() {
        bool has_changed = false;
        for (FileWatch& file : files_)
            has_changed = file.take_change() || has_changed;
        if (!has_changed)
            return;
        cache_.clear();
        ++generation_;
    }
    void finish(const std::shared_ptr<Flight>& flight, Cid asker, Result<FoundAddresses> found);
    static asio::awaitable<void> look_up(std::shared_ptr<Flights> self,
                                         std::shared_ptr<Flight> flight, Cid asker);

    asio::any_io_executor executor_;
    bool closed_ = false;
    ResolverOptions options_;
    Lookup lookup_;
    std::mutex cache_mutex_;  // of these three
    NameCache cache_;
    std::vector<FileWatch> files_;
    int generation_ = 0;

    std::map<HostName, std::shared_ptr<Flight>> flights_;
    Shares<Cid> lookups_;
    std::map<Cid, Queue> queues_;
    bool starting_ = false;  // start_waiting() is under way
};

Result<std::shared_ptr<DnsResolver::Flight>> DnsResolver::Flights::join(const HostName& name,
                                                                        Cid asker) {
    const auto place = flights_.find(name);
    const auto flight = place == flights_.end() ? std::make_shared<Flight>(name) : place->second;
    Queue& queue = queues_[asker];
    // An asker that joins a lookup which waits in another's queue queues it as well, so that it
    // begins as soon as either of them may have one.
    const bool waits_already = std::find(queue.begin(), queue.end(), flight) != queue.end();
    flights_[name] = flight;
    if (flight->started || waits_already)
        return flight;
    if (lookups_.may_take(asker)) {
        start(flight, asker);
        return flight;
    }
    if (queue.size() < options_.waiting_max) {
        queue.push_back(flight);
        return flight;
    }
    leave(flight);
    return Error(ProxyError::lookup_queue_full,
                 fmt::format("the name {} was not looked up: {} names of CID {} wait "
                             "already because their name servers do not answer",
                             name.text(), queue.size(), asker));
}

void DnsResolver::Flights::leave(const std::shared_ptr<Flight>& flight) {
    if (flight->answer || !flight->waiting.empty())
        return;
    for (auto& [asker, queue] : queues_)
        std::erase(queue, flight);
    // The next asker has a lookup of its own, not the rest of one that is being cancelled.
    flights_.erase(flight->name);
    if (flight->started)
        flight->stop.emit(asio::cancellation_type::terminal);
}

Error DnsResolver::Flights::too_late(const Flight& flight, Cid asker) const {
    const std::string limit = format_duration(options_.deadline);
    if (flight.started)
        return Error(ProxyError::lookup_timed_out,
                     fmt::format("no name server answered within {} for the name {}", limit,
                                 flight.name.text()));
    return Error(ProxyError::lookup_timed_out,
                 fmt::format("the name {} was not looked up within {}: {} lookups wait for name "
                             "servers that do not answer, {} of them for CID {}, which may have no "
                             "more than are left of {}",
                             flight.name.text(), limit, lookups_.taken(), lookups_.held_by(asker),
                             asker, lookups_.slots()));
}

void DnsResolver::Flights::close() {
    closed_ = true;
    for (const auto& [name, flight] : flights_)
        flight->stop.emit(asio::cancellation_type::terminal);
}

// A coroutine with parameters, since they live as long as its frame.
asio::awaitable<void> DnsResolver::Flights::look_up(std::shared_ptr<Flights> self,
                                                    std::shared_ptr<Flight> flight, Cid asker) {
    auto found = co_await self->lookup_(flight->name);
    self->finish(flight, asker, std::move(found));
}

void DnsResolver::Flights::start(const std::shared_ptr<Flight>& flight, Cid asker) {
    flight->started = true;
    {
        const std::lock_guard guard(cache_mutex_);
        flight->generation = generation_;
    }
    lookups_.take(asker);
    // The handler goes after the coroutine, which uses the flight's signal to the last.
    const auto ended = [flight](const std::exception_ptr& thrown) {
        if (thrown)
            std::rethrow_exception(thrown);
    };
    asio::co_spawn(executor_, look_up(shared_from_this(), flight, asker),
                   asio::bind_cancellation_slot(flight->stop.slot(), ended));
}

// The asker with the fewest lookups is first. If it may have no more, no other may. A lookup that
// is answered from a file ends while it starts; the loop below goes on with the next then.
void DnsResolver::Flights::start_waiting() {
    if (std::exchange(starting_, true))
        return;
    while (true) {
        auto next = queues_.end();
        for (auto place = queues_.begin(); place != queues_.end(); ++place)
            if (!place->second.empty() &&
                (next == queues_.end() ||
                 lookups_.held_by(place->first) < lookups_.held_by(next->first)))
                next = place;
        if (next == queues_.end() || !lookups_.may_take(next->first))
            break;
        const auto flight = next->second.front();
        next->second.pop_front();
        if (!flight->started)
            start(flight, next->first);
    }
    starting_ = false;
    std::erase_if(queues_, [](const auto& entry) { return entry.second.empty(); });
}

void DnsResolver::Flights::finish(const std::shared_ptr<Flight>& flight, Cid asker,
                                  Result<FoundAddresses> found) {
    {
        const std::lock_guard guard(cache_mutex_);
        drop_cache_after_change();
        if (flight->generation == generation_)
            cache_.keep(flight->name, found, std::chrono::steady_clock::now());
    }
    if (found)
        flight->answer = std::move(found->addresses);
    else
        flight->answer = found.error();
    if (const auto place = flights_.find(flight->name);
        place != flights_.end() && place->second == flight)
        flights_.erase(place);
    for (asio::steady_timer* timer : flight->waiting)
        timer->cancel();
    lookups_.give_back(asker);
    if (!closed_)
        start_waiting();
}

Lookup lookup_by(const NameFiles& files) {
    return [names = std::make_shared<NameLookup>(files)](HostName name) {
        return names->look_up(std::move(name));
    };
}

DnsResolver::DnsResolver(asio::any_io_executor executor, ResolverOptions options, Lookup lookup)
    : flights_(
          std::make_shared<Flights>(std::move(executor), std::move(options), std::move(lookup))) {}

DnsResolver::~DnsResolver() {
    flights_->close();
}

asio::awaitable<Answer> DnsResolver::resolve(HostName name, Cid asker) {
    if (auto cached = flights_->find_cached(name))
        co_return std::move(*cached);
    if (co_await asio::this_coro::executor != flights_->executor())
        co_return co_await ask(flights_, std::move(name), asker);
    co_return co_await look_up(flights_, std::move(name), asker);
}

// Of a loop that lookups are not on.
struct DnsResolver::Question {
    std::mutex mutex;
    std::optional<Answer> answer;
    LoopCondition answered;
    asio::cancellation_signal stop;  // for the lookups' loop
};

asio::awaitable<Answer> DnsResolver::ask(std::shared_ptr<Flights> flights, HostName name,
                                         Cid asker) {
    const auto question = std::make_shared<Question>();
    const auto take = [question](const std::exception_ptr& thrown, Answer answer) {
        if (thrown)
            std::rethrow_exception(thrown);
        const std::lock_guard guard(question->mutex);
        question->answer = std::move(answer);
        question->answered.notify_all();
    };
    const auto begin = [flights, name, asker, question, take] {
        // It may have been answered on the way.
        if (auto cached = flights->find_cached(name))
            return take({}, std::move(*cached));
        asio::co_spawn(flights->executor(), look_up(flights, name, asker),
                       asio::bind_cancellation_slot(question->stop.slot(), take));
    };
    asio::post(flights->executor(), begin);
    {
        std::unique_lock lock(question->mutex);
        if (!question->answer)
            co_await question->answered.wait(lock);
        if (question->answer)
            co_return std::move(*question->answer);
    }
    asio::post(flights->executor(),
               [question] { question->stop.emit(asio::cancellation_type::terminal); });
    co_return Error(asio::error::make_error_code(asio::error::operation_aborted),
                    fmt::format("the lookup of {} was called off", name.text()));
}

asio::awaitable<Answer> DnsResolver::look_up(std::shared_ptr<Flights> flights, HostName name,
                                             Cid asker) {
    auto joined = flights->join(name, asker);
    if (!joined)
        co_return joined.error();
    const std::shared_ptr<Flight> flight = std::move(*joined);
    if (flight->answer)
        co_return *flight->answer;
    asio::steady_timer alarm(co_await asio::this_coro::executor, flights->deadline());
    flight->waiting.push_back(&alarm);
    const auto [failure] = co_await alarm.async_wait(as_result);
    std::erase(flight->waiting, &alarm);
    if (flight->answer)
        co_return *flight->answer;
    const Error error =
        failure ? Error(failure, fmt::format("the lookup of {} was called off", name.text()))
                : flights->too_late(*flight, asker);
    flights->leave(flight);
    co_return error;
}

}  // namespace glovebox::core
