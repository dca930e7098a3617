// SPDX-License-Identifier: Apache-2.0

#include "core/dial/dial_race.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <list>

#include "core/address/proxy_error.h"
#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

// RFC 8305's Connection Attempt Delay.
constexpr std::chrono::milliseconds next_after{250};

Error failure_of(int errno_value) {
    const error_code failure(errno_value, boost::system::system_category());
    return Error(failure, failure.message());
}

// A connect(2) that was begun, and may have ended.
Result<Stream> begin_connect(const asio::any_io_executor& executor, const tcp::endpoint& endpoint) {
    UniqueFd socket(
        ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("no socket can be made", errno);
    // A relay has its own batches: what it writes is to leave at once.
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto size = static_cast<socklen_t>(endpoint.size());
    const bool connects = ::connect(socket.get(), endpoint.data(), size) != 0;
    if (connects && errno != EINPROGRESS)
        return failure_of(errno);
    return Stream::make(executor, std::move(socket), connects);
}

// Ends the race's sleep when its connect(2) has ended.
class Attempt final : public Readiness::Waiter {
  public:
    Attempt(const tcp::endpoint& endpoint, Stream stream, asio::steady_timer& bell)
        : endpoint_(endpoint), stream_(std::move(stream)), bell_(bell) {
        if (!has_ended())
            stream_.watch().wait(Stream::Event::writable, *this);
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    void on_ready(error_code) override { bell_.cancel(); }
    void on_abandoned() override {}

    [[nodiscard]] bool has_ended() const { return stream_.watch().is(Stream::Event::writable); }
    [[nodiscard]] const tcp::endpoint& endpoint() const { return endpoint_; }
    // 0 or an errno.
    [[nodiscard]] int result() const {
        const int result = stream_.connect_result();
        return result == 0 && is_its_own_peer() ? ECONNREFUSED : result;
    }
    [[nodiscard]] Stream take() { return std::move(stream_); }

  private:
    // If the kernel gives a socket the port that it connects to, and nobody listens there, TCP
    // connects the socket to itself. By default that can happen above port 32767.
    [[nodiscard]] bool is_its_own_peer() const {
        tcp::endpoint local;
        auto size = static_cast<socklen_t>(local.capacity());
        return ::getsockname(stream_.native_handle(), local.data(), &size) == 0 &&
               local == endpoint_;
    }

    tcp::endpoint endpoint_;
    Stream stream_;
    asio::steady_timer& bell_;
};

// The first that has connected leaves the list, as do those that failed.
std::optional<std::pair<tcp::endpoint, Stream>> take_winner(std::list<Attempt>& attempts,
                                                            DialRace& race) {
    for (auto at = attempts.begin(); at != attempts.end();) {
        if (!at->has_ended()) {
            ++at;
            continue;
        }
        const int result = at->result();
        if (result == 0)
            return std::pair(at->endpoint(), at->take());
        race.failures.emplace_back(at->endpoint(), failure_of(result));
        at = attempts.erase(at);
    }
    return std::nullopt;
}

Error no_answer_within(std::chrono::milliseconds patience) {
    return Error(ProxyError::connect_timed_out,
                 fmt::format("no answer within {}", format_duration(patience)));
}

void give_up(std::list<Attempt>& attempts, const Error& why, DialRace& race) {
    for (const Attempt& attempt : attempts)
        race.failures.emplace_back(attempt.endpoint(), why);
}

}  // namespace

asio::awaitable<DialRace> race_to(std::vector<tcp::endpoint> endpoints,
                                  std::chrono::milliseconds patience, std::size_t attempts_max) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    asio::steady_timer bell(co_await asio::this_coro::executor);
    const auto end = steady_clock::now() + patience;
    const auto share = patience / static_cast<int>(endpoints.size());
    const auto pause = attempts_max < endpoints.size() ? share : std::min(next_after, share);
    DialRace race;
    std::list<Attempt> attempts;
    auto next = endpoints.begin();
    auto next_at = steady_clock::now();
    while (true) {
        const std::size_t failed = race.failures.size();
        race.winner = take_winner(attempts, race);
        if (race.winner)
            co_return race;
        const auto now = steady_clock::now();
        if (race.failures.size() > failed)
            next_at = now;
        if (next != endpoints.end() && (attempts.empty() || now >= next_at)) {
            if (attempts.size() >= attempts_max) {
                race.failures.emplace_back(
                    attempts.front().endpoint(),
                    no_answer_within(pause * static_cast<int>(attempts_max)));
                attempts.pop_front();
            }
            auto begun = begin_connect(bell.get_executor(), *next);
            if (begun)
                attempts.emplace_back(*next, std::move(*begun), bell);
            else
                race.failures.emplace_back(*next, begun.error());
            next_at = now + pause;
            ++next;
            continue;
        }
        if (attempts.empty())
            co_return race;
        if (now >= end) {
            give_up(attempts, no_answer_within(patience), race);
            co_return race;
        }
        bell.expires_at(next == endpoints.end() ? end : std::min(next_at, end));
        co_await bell.async_wait(as_result);
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            const error_code aborted = make_error_code(asio::error::operation_aborted);
            give_up(attempts, Error(aborted, aborted.message()), race);
            co_return race;
        }
    }
}

}  // namespace glovebox::core
