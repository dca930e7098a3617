// SPDX-License-Identifier: Apache-2.0

#include "core/stream/readiness.h"

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context_as.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <cerrno>
#include <utility>

#include "core/base/unique_fd.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// EPOLLOUT comes when somebody waits for it: an AF_UNIX socket would tell of every message that its
// peer reads.
constexpr std::uint32_t events_usual = EPOLLIN | EPOLLRDHUP | EPOLLET;

constexpr std::size_t index_of(Readiness::Event event) {
    return static_cast<std::size_t>(event);
}

asio::io_context& loop_of(asio::execution_context& context) {
    return static_cast<asio::io_context&>(context);
}

UniqueFd make_epoll() {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll)
        throw ErrorException(
            errno_error("an event loop can't watch sockets: epoll_create1", errno));
    return epoll;
}

}  // namespace

Readiness::Readiness(asio::execution_context& context)
    : service(context), poller_(loop_of(context), make_epoll().release()) {}

Readiness& Readiness::of(const asio::any_io_executor& executor) {
    return asio::use_service<Readiness>(
        asio::query(executor, asio::execution::context_as<asio::execution_context&>));
}

// What waiters release may end watches, whose loop is here still.
void Readiness::shutdown() {
    std::vector<Waiter*> abandoned;
    for (Entry& entry : entries_)
        for (const Event event : {Event::readable, Event::writable, Event::hung_up})
            if (Waiter* const waiter = take_waiter(entry, event))
                abandoned.push_back(waiter);
    for (Waiter* const waiter : abandoned)
        waiter->on_abandoned();
    error_code ignored;
    poller_.close(ignored);
}

Result<Readiness::Watch> Readiness::watch(int socket, bool connecting) {
    std::size_t place = entries_.size();
    if (free_.empty()) {
        entries_.emplace_back();
    } else {
        place = free_.back();
        free_.pop_back();
    }
    Entry& entry = entries_[place];
    entry = {.socket = socket, .generation = entry.generation + 1};
    entry.is[index_of(Event::writable)] = !connecting;
    const int failure =
        register_events(place, EPOLL_CTL_ADD, events_usual | (connecting ? EPOLLOUT : 0U));
    if (failure != 0) {
        free_.push_back(place);
        return errno_error("a socket can't be watched: epoll_ctl", failure);
    }
    return Watch(*this, place);
}

int Readiness::register_events(std::size_t place, int operation, std::uint32_t events) {
    Entry& entry = entries_[place];
    epoll_event registration{};
    registration.events = events;
    registration.data.u64 = std::uint64_t{entry.generation} << 32 | place;
    entry.registered = events;
    return ::epoll_ctl(poller_.native_handle(), operation, entry.socket, &registration) == 0
               ? 0
               : errno;
}

Readiness::Waiter* Readiness::take_waiter(Entry& entry, Event event) {
    Waiter* const waiter = std::exchange(entry.waiters[index_of(event)], nullptr);
    if (waiter != nullptr)
        --waits_;
    return waiter;
}

// Asio's loop goes on as long as somebody waits, and no longer.
void Readiness::arm() {
    if (std::exchange(armed_, true))
        return;
    poller_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code failure) {
        armed_ = false;
        if (!failure)
            on_edges();
        if (waits_ > 0)
            arm();
    });
}

void Readiness::rest() {
    error_code ignored;
    if (waits_ == 0 && armed_)
        poller_.cancel(ignored);
}

void Readiness::on_edges() {
    const int count =
        ::epoll_wait(poller_.native_handle(), edges_.data(), static_cast<int>(edges_.size()), 0);
    for (int i = 0; i < count; ++i)
        on_edge(edges_[static_cast<std::size_t>(i)].data.u64,
                edges_[static_cast<std::size_t>(i)].events);
}

void Readiness::on_edge(std::uint64_t data, std::uint32_t events) {
    const auto place = static_cast<std::size_t>(data & 0xffffffff);
    const auto generation = static_cast<std::uint32_t>(data >> 32);
    // A waiter may close any socket, and the place may have a new one.
    const auto tell = [&](Event event) {
        Entry& entry = entries_[place];
        if (entry.generation != generation || entry.socket < 0)
            return;
        entry.is[index_of(event)] = true;
        entry.peer_has_ended |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        if (Waiter* const waiter = take_waiter(entry, event))
            waiter->on_ready({});
    };
    const bool is_over = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (is_over || (events & (EPOLLIN | EPOLLRDHUP)) != 0)
        tell(Event::readable);
    if (is_over || (events & EPOLLOUT) != 0)
        tell(Event::writable);
    if (is_over)
        tell(Event::hung_up);
}

Readiness::Watch::Watch(Watch&& other) noexcept
    : readiness_(std::exchange(other.readiness_, nullptr)), place_(other.place_) {}

Readiness::Watch& Readiness::Watch::operator=(Watch&& other) noexcept {
    if (this == &other)
        return *this;
    end();
    readiness_ = std::exchange(other.readiness_, nullptr);
    place_ = other.place_;
    return *this;
}

bool Readiness::Watch::is(Event event) const {
    return readiness_->entries_[place_].is[index_of(event)];
}

bool Readiness::Watch::peer_has_ended() const {
    return readiness_->entries_[place_].peer_has_ended;
}

void Readiness::Watch::clear(Event event) {
    readiness_->entries_[place_].is[index_of(event)] = false;
}

void Readiness::Watch::wait(Event event, Waiter& waiter) {
    Entry& entry = readiness_->entries_[place_];
    entry.waiters[index_of(event)] = &waiter;
    ++readiness_->waits_;
    // To change the registration also asks anew: room that came in the meantime is an edge.
    if (event == Event::writable && (entry.registered & EPOLLOUT) == 0)
        static_cast<void>(
            readiness_->register_events(place_, EPOLL_CTL_MOD, events_usual | EPOLLOUT));
    readiness_->arm();
}

void Readiness::Watch::cancel(Event event) {
    if (readiness_ == nullptr)
        return;
    Readiness& readiness = *readiness_;
    Waiter* const waiter = readiness.take_waiter(readiness.entries_[place_], event);
    readiness.rest();
    if (waiter != nullptr)
        waiter->on_ready(asio::error::operation_aborted);
}

void Readiness::Watch::end() {
    if (readiness_ == nullptr)
        return;
    Readiness& readiness = *std::exchange(readiness_, nullptr);
    Entry& entry = readiness.entries_[place_];
    entry.socket = -1;
    std::array<Waiter*, 3> waiters{};
    for (const Event event : {Event::readable, Event::writable, Event::hung_up})
        waiters[index_of(event)] = readiness.take_waiter(entry, event);
    readiness.free_.push_back(place_);
    readiness.rest();
    for (Waiter* const waiter : waiters)
        if (waiter != nullptr)
            waiter->on_ready(asio::error::operation_aborted);
}

}  // namespace glovebox::core
