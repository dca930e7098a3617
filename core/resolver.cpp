// SPDX-License-Identifier: Apache-2.0

#include "core/resolver.h"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "core/asio_result.h"
#include "core/base/clock.h"
#include "core/proxy_error.h"
#include "core/shares.h"

namespace glovebox::core {

namespace asio = boost::asio;
using Answer = Result<std::vector<IpAddress>>;

Answer look_up(const HostName& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int failure = ::getaddrinfo(name.text().c_str(), nullptr, &hints, &list);
    if (failure == EAI_NONAME || failure == EAI_NODATA)
        return Error(ProxyError::name_unknown,
                     fmt::format("the name {} is not known: the name servers, asked from this "
                                 "host, have no address for it",
                                 name.text()));
    if (failure != 0)
        return Error(
            ProxyError::lookup_failed,
            fmt::format("the name {} could not be looked up: {}", name.text(),
                        failure == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(failure)));
    std::vector<IpAddress> addresses;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, entry->ai_addr, sizeof v4);
            addresses.emplace_back(asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)));
        } else if (entry->ai_family == AF_INET6) {
            sockaddr_in6 v6{};
            std::memcpy(&v6, entry->ai_addr, sizeof v6);
            asio::ip::address_v6::bytes_type bytes;
            std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
            addresses.emplace_back(asio::ip::address_v6(bytes, v6.sin6_scope_id));
        }
    }
    ::freeaddrinfo(list);
    return addresses;
}

// One name that is looked up or waits for it, and the alarm clocks of all who want its answer.
struct ThreadedResolver::Flight {
    explicit Flight(HostName looked_up) : name(std::move(looked_up)) {}

    HostName name;
    bool started = false;
    std::optional<Answer> answer;
    std::vector<asio::steady_timer*> waiting;
};

// All flights. The executor's thread has it for itself, but for the executor, which the lookups'
// threads ask for; it outlives the resolver while one of them hangs.
class ThreadedResolver::Flights : public std::enable_shared_from_this<ThreadedResolver::Flights> {
  public:
    Flights(asio::any_io_executor executor, ResolverOptions options, Lookup lookup)
        : executor_(std::move(executor)),
          options_(options),
          lookup_(std::move(lookup)),
          threads_(options.threads_max) {}

    // The name's one flight, which begins at once, or when `asker` may have a thread.
    Result<std::shared_ptr<Flight>> join(const HostName& name, Cid asker);

    // A flight that nobody waits for any more does not begin.
    void leave(const std::shared_ptr<Flight>& flight);

    // Why there was no answer: tells apart a name that nobody answers for and one that never had
    // its turn.
    [[nodiscard]] Error too_late(const Flight& flight, Cid asker) const;

    // The resolver is gone: no lookup begins and no result is delivered any more.
    void close();

  private:
    using Queue = std::deque<std::shared_ptr<Flight>>;

    [[nodiscard]] Result<void> start(const std::shared_ptr<Flight>& flight, Cid asker);
    void start_waiting();
    void finish(const std::shared_ptr<Flight>& flight, Cid asker, Answer answer);

    std::mutex mutex_;
    asio::any_io_executor executor_;  // guarded; empty when the resolver is gone
    bool closed_ = false;
    ResolverOptions options_;
    Lookup lookup_;
    std::map<HostName, std::shared_ptr<Flight>> flights_;
    Shares<Cid> threads_;
    std::map<Cid, Queue> queues_;
};

Result<std::shared_ptr<ThreadedResolver::Flight>> ThreadedResolver::Flights::join(
    const HostName& name, Cid asker) {
    const auto place = flights_.find(name);
    const auto flight = place == flights_.end() ? std::make_shared<Flight>(name) : place->second;
    Queue& queue = queues_[asker];
    // An asker that joins a lookup which waits in another's queue queues it as well, so that it
    // begins as soon as either of them gets a thread.
    const bool waits_already = std::find(queue.begin(), queue.end(), flight) != queue.end();
    if (!flight->started && !waits_already) {
        const auto started = threads_.may_take(asker) ? start(flight, asker) : Result<void>();
        if (!started && threads_.taken() == 0)
            return started.error();
        if (!flight->started && queue.size() >= options_.waiting_max)
            return Error(ProxyError::lookup_queue_full,
                         fmt::format("the name {} was not looked up: {} names of CID {} wait "
                                     "already because their name servers do not answer",
                                     name.text(), queue.size(), asker));
        if (!flight->started)
            queue.push_back(flight);
    }
    flights_[name] = flight;
    return flight;
}

void ThreadedResolver::Flights::leave(const std::shared_ptr<Flight>& flight) {
    if (flight->started || !flight->waiting.empty())
        return;
    for (auto& [asker, queue] : queues_)
        std::erase(queue, flight);
    flights_.erase(flight->name);
}

Error ThreadedResolver::Flights::too_late(const Flight& flight, Cid asker) const {
    const std::string limit = format_duration(options_.deadline);
    if (flight.started)
        return Error(ProxyError::lookup_timed_out,
                     fmt::format("no name server answered within {} for the name {}", limit,
                                 flight.name.text()));
    return Error(ProxyError::lookup_timed_out,
                 fmt::format("the name {} was not looked up within {}: {} lookups wait for name "
                             "servers that do not answer, {} of them for CID {}, which may have no "
                             "more than are left of {}",
                             flight.name.text(), limit, threads_.taken(), threads_.held_by(asker),
                             asker, threads_.slots()));
}

void ThreadedResolver::Flights::close() {
    closed_ = true;
    const std::lock_guard lock(mutex_);
    executor_ = {};
}

Result<void> ThreadedResolver::Flights::start(const std::shared_ptr<Flight>& flight, Cid asker) {
    try {
        std::thread([self = shared_from_this(), flight, name = flight->name, asker] {
            Answer answer = self->lookup_(name);
            // Posted under the lock, so that close() can't come between question and use.
            const std::lock_guard lock(self->mutex_);
            if (self->executor_)
                asio::post(self->executor_,
                           [self, flight, asker, answer = std::move(answer)]() mutable {
                               self->finish(flight, asker, std::move(answer));
                           });
        }).detach();
    } catch (const std::system_error& failure) {
        return Error(ProxyError::lookup_failed,
                     fmt::format("the name {} was not looked up: no thread can be started: {}",
                                 flight->name.text(), failure.what()));
    }
    flight->started = true;
    threads_.take(asker);
    return {};
}

// The asker with the fewest threads is first. If it may have no more, no other may.
void ThreadedResolver::Flights::start_waiting() {
    while (true) {
        auto next = queues_.end();
        for (auto place = queues_.begin(); place != queues_.end(); ++place)
            if (!place->second.empty() &&
                (next == queues_.end() ||
                 threads_.held_by(place->first) < threads_.held_by(next->first)))
                next = place;
        if (next == queues_.end() || !threads_.may_take(next->first))
            return;
        const auto flight = next->second.front();
        // Without a thread it stays where it is, until the next lookup ends.
        if (!flight->started && !start(flight, next->first))
            return;
        next->second.pop_front();
    }
}

void ThreadedResolver::Flights::finish(const std::shared_ptr<Flight>& flight, Cid asker,
                                       Answer answer) {
    flights_.erase(flight->name);
    flight->answer = std::move(answer);
    for (asio::steady_timer* timer : flight->waiting)
        timer->cancel();
    threads_.give_back(asker);
    if (closed_)
        return;
    start_waiting();
    std::erase_if(queues_, [](const auto& entry) { return entry.second.empty(); });
}

ThreadedResolver::ThreadedResolver(asio::any_io_executor executor, ResolverOptions options,
                                   Lookup lookup)
    : deadline_(options.deadline),
      flights_(std::make_shared<Flights>(std::move(executor), options, std::move(lookup))) {}

ThreadedResolver::~ThreadedResolver() {
    flights_->close();
}

asio::awaitable<Answer> ThreadedResolver::resolve(HostName name, Cid asker) {
    const std::shared_ptr<Flights> flights = flights_;
    auto joined = flights->join(name, asker);
    if (!joined)
        co_return joined.error();
    const std::shared_ptr<Flight> flight = std::move(*joined);
    asio::steady_timer alarm(co_await asio::this_coro::executor, deadline_);
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
