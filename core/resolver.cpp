#include "core/resolver.h"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <condition_variable>
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
        return Error(ProxyErrc::name_unknown,
                     fmt::format("the name {} is not known: the name servers, asked from this "
                                 "host, have no address for it",
                                 name.text()));
    if (failure != 0)
        return Error(
            ProxyErrc::lookup_failed,
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

// One name being looked up, and the alarm clocks of all who wait for it. Touched on the executor's
// thread alone.
struct ThreadedResolver::Flight {
    std::optional<Answer> answer;
    std::vector<asio::steady_timer*> waiting;
};

// What the threads and the resolver have in common; it outlives the resolver while a thread hangs.
struct ThreadedResolver::Shared {
    std::mutex mutex;
    std::condition_variable wake;
    asio::any_io_executor executor;  // empty when the resolver is gone
    std::deque<HostName> queue;
    std::size_t threads = 0;
    std::size_t idle = 0;

    // For the executor's thread alone.
    std::map<HostName, std::shared_ptr<Flight>> flights;
};

ThreadedResolver::ThreadedResolver(asio::any_io_executor executor, ResolverOptions options,
                                   Lookup lookup)
    : lookup_(std::move(lookup)), options_(options), shared_(std::make_shared<Shared>()) {
    shared_->executor = std::move(executor);
}

ThreadedResolver::~ThreadedResolver() {
    const std::lock_guard lock(shared_->mutex);
    shared_->executor = {};
    shared_->queue.clear();
    shared_->wake.notify_all();
}

void ThreadedResolver::work(const std::shared_ptr<Shared>& shared, const Lookup& lookup) {
    std::unique_lock lock(shared->mutex);
    while (true) {
        ++shared->idle;
        shared->wake.wait(lock, [&] { return !shared->executor || !shared->queue.empty(); });
        --shared->idle;
        if (!shared->executor)
            return;
        const HostName name = std::move(shared->queue.front());
        shared->queue.pop_front();
        lock.unlock();
        Answer answer = lookup(name);
        lock.lock();
        if (!shared->executor)
            return;
        // Posted under the lock, so that the destructor can't come between question and use.
        asio::post(shared->executor, [shared, name, answer = std::move(answer)]() mutable {
            const auto flight = shared->flights.extract(name).mapped();
            flight->answer = std::move(answer);
            for (asio::steady_timer* timer : flight->waiting)
                timer->cancel();
        });
    }
}

// Hands the name to a thread, new or waiting, or to the queue.
Result<void> ThreadedResolver::start(const HostName& name) {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->queue.size() >= options_.waiting_max)
        return Error(ProxyErrc::lookup_queue_full,
                     fmt::format("the name {} was not looked up: {} names wait already because "
                                 "their name servers do not answer",
                                 name.text(), shared_->queue.size()));
    if (shared_->idle <= shared_->queue.size() && shared_->threads < options_.threads_max) {
        try {
            std::thread([shared = shared_, lookup = lookup_] { work(shared, lookup); }).detach();
            ++shared_->threads;
        } catch (const std::system_error& failure) {
            if (shared_->threads == 0)
                return Error(ProxyErrc::lookup_failed,
                             fmt::format("the name {} was not looked up: no thread can be "
                                         "started: {}",
                                         name.text(), failure.what()));
        }
    }
    shared_->queue.push_back(name);
    shared_->wake.notify_one();
    return {};
}

// The sentence tells apart a name that nobody answers for and one that never had its turn.
Error ThreadedResolver::too_late(const HostName& name) const {
    const std::lock_guard lock(shared_->mutex);
    if (std::find(shared_->queue.begin(), shared_->queue.end(), name) != shared_->queue.end())
        return Error(
            ProxyErrc::lookup_timed_out,
            fmt::format("the name {} was not looked up within {}: all {} lookup threads "
                        "wait for name servers that do not answer",
                        name.text(), format_duration(options_.deadline), shared_->threads));
    return Error(ProxyErrc::lookup_timed_out,
                 fmt::format("no name server answered within {} for the name {}",
                             format_duration(options_.deadline), name.text()));
}

asio::awaitable<Answer> ThreadedResolver::resolve(HostName name) {
    auto place = shared_->flights.find(name);
    if (place == shared_->flights.end()) {
        if (const auto started = start(name); !started)
            co_return started.error();
        place = shared_->flights.emplace(name, std::make_shared<Flight>()).first;
    }
    const std::shared_ptr<Flight> flight = place->second;
    asio::steady_timer alarm(co_await asio::this_coro::executor, options_.deadline);
    flight->waiting.push_back(&alarm);
    const auto [failure] = co_await alarm.async_wait(as_result);
    std::erase(flight->waiting, &alarm);
    if (flight->answer)
        co_return *flight->answer;
    if (failure)
        co_return Error(failure, fmt::format("the lookup of {} was called off", name.text()));
    co_return too_late(name);
}

}  // namespace glovebox::core
