// SPDX-License-Identifier: Apache-2.0

#include "core/fault/carrier.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cerrno>
#include <utility>

#include "core/stream/asio_result.h"

namespace glovebox::fault {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// AF_VSOCK's own buffer (VIRTIO_VSOCK_DEFAULT_BUF_SIZE): so much is on its way before a program
// that sends has to wait.
constexpr std::size_t room_bytes = 256 * 1024;
constexpr std::size_t read_bytes = 64 * 1024;
// A throttled connection gets its share in so many pieces a second.
constexpr std::uint64_t pieces_a_second = 10;
// How long a piece that was split off waits for the program to read it.
constexpr auto taken_interval = 1ms;
constexpr auto taken_limit = 100ms;

asio::awaitable<void> wait_until(asio::steady_timer& timer, Time time) {
    timer.expires_at(time);
    co_await timer.async_wait(core::as_result);
}

asio::awaitable<void> wait_for_ever(asio::steady_timer& timer) {
    return wait_until(timer, Time::max());
}

bool has_ended(int socket) {
    pollfd one{socket, POLLRDHUP, 0};
    return ::poll(&one, 1, 0) == 1;
}

void drop_unread(int socket) {
    std::array<std::uint8_t, 4096> dropped;
    ssize_t got = 0;
    do {
        got = ::recv(socket, dropped.data(), dropped.size(), MSG_DONTWAIT);
    } while (got > 0 || (got < 0 && errno == EINTR));
}

}  // namespace

Carrier::Carrier(core::Stream near, core::Stream far, Book& book, core::VsockAddress client,
                 core::VsockAddress listener)
    : near_(std::move(near)),
      far_(std::move(far)),
      book_(book),
      connection_(book.open(client, listener)),
      directions_{Direction(near_, far_), Direction(far_, near_)} {}

void Carrier::start(std::function<void()> done) {
    done_ = std::move(done);
    const auto executor = near_.get_executor();
    for (Direction& direction : directions_) {
        asio::co_spawn(executor, read(shared_from_this(), direction), asio::detached);
        asio::co_spawn(executor, write(shared_from_this(), direction), asio::detached);
        asio::co_spawn(executor, watch(shared_from_this(), direction), asio::detached);
    }
    look();
}

void Carrier::look() {
    if (over_)
        return;
    if (const Effects effects = book_.effects(connection_); effects.end != Effects::End::none)
        return end(effects.end);
    for (Direction& direction : directions_)
        direction.work.cancel();
}

// What has arrived goes to `pieces`, but for its last byte, which also stays in the queue.
Carrier::Found Carrier::take(Direction& direction) {
    // For the calls alone: what is kept is copied out of it.
    thread_local std::array<std::uint8_t, read_bytes> buffer;
    const int socket = direction.from.native_handle();
    ssize_t seen = 0;
    do {
        seen = ::recv(socket, buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    } while (seen < 0 && errno == EINTR);
    if (seen < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? Found::nothing : Found::reset;
    const std::size_t known = direction.is_one_kept ? 1 : 0;
    const auto size = static_cast<std::size_t>(seen);
    if (size <= known)
        return size == 0 || has_ended(socket) ? Found::end : Found::nothing;
    direction.pieces.push_back(
        {{buffer.begin() + static_cast<std::ptrdiff_t>(known), buffer.begin() + seen},
         0,
         std::chrono::steady_clock::now()});
    direction.held += size - known;
    direction.is_one_kept = true;
    if (size > 1)
        static_cast<void>(::recv(socket, buffer.data(), size - 1, MSG_DONTWAIT));
    return Found::bytes;
}

asio::awaitable<void> Carrier::read(std::shared_ptr<Carrier> self, Direction& direction) {
    while (!self->over_ && !direction.done) {
        if (direction.held >= room_bytes) {
            co_await wait_for_ever(direction.room);
            continue;
        }
        switch (self->take(direction)) {
            case Found::bytes:
                direction.work.cancel();
                continue;
            case Found::nothing: {
                direction.from.watch().clear(core::Stream::Event::readable);
                const auto failure = co_await direction.from.ready(core::Stream::Event::readable);
                if (failure)
                    co_return;
                continue;
            }
            case Found::reset:
                direction.source_was_reset = true;
                break;
            case Found::end:
                break;
        }
        direction.source_ended = true;
        direction.work.cancel();
        co_return;
    }
}

asio::awaitable<void> Carrier::write(std::shared_ptr<Carrier> self, Direction& direction) {
    while (!self->over_ && !direction.done) {
        if (!direction.pieces.empty())
            co_await self->send_some(direction);
        else if (direction.source_was_reset)
            self->end(Effects::End::reset);
        else if (direction.source_ended)
            self->finish(direction);
        else
            co_await wait_for_ever(direction.work);
    }
}

// Once, or waits until something has changed.
asio::awaitable<void> Carrier::send_some(Direction& direction) {
    const Effects effects = book_.effects(connection_);
    if (effects.end != Effects::End::none) {
        end(effects.end);
        co_return;
    }
    if (effects.is_stalled) {
        co_await wait_for_ever(direction.work);
        co_return;
    }
    Piece& piece = direction.pieces.front();
    const Time now = std::chrono::steady_clock::now();
    Time due = piece.arrived + effects.delay;
    std::uint64_t size =
        std::min<std::uint64_t>(piece.bytes.size() - piece.sent, effects.bytes_until_change);
    if (effects.piece != 0)
        size = std::min(size, effects.piece);
    if (effects.bytes_a_second != 0) {
        due = std::max(due, direction.next_send);
        size = std::min(size, std::max<std::uint64_t>(1, effects.bytes_a_second / pieces_a_second));
    }
    if (now < due) {
        co_await wait_until(direction.work, due);
        co_return;
    }
    const ssize_t sent = ::send(direction.to.native_handle(), piece.bytes.data() + piece.sent, size,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
        co_return;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        direction.to.watch().clear(core::Stream::Event::writable);
        co_await direction.to.ready(core::Stream::Event::writable);
        co_return;
    }
    if (sent < 0) {
        receiver_is_gone(direction);
        co_return;
    }
    const auto moved = static_cast<std::size_t>(sent);
    if (effects.bytes_a_second != 0)
        direction.next_send =
            now + std::chrono::nanoseconds(moved * std::nano::den / effects.bytes_a_second);
    piece.sent += moved;
    direction.held -= moved;
    if (piece.sent == piece.bytes.size())
        direction.pieces.pop_front();
    direction.room.cancel();
    book_.carried(connection_, moved);
    look();
    if (effects.piece != 0)
        co_await until_taken(direction);
}

// A program that reads gets what was split off by itself, and one that does not read is not waited
// for.
asio::awaitable<void> Carrier::until_taken(Direction& direction) {
    const Time limit = std::chrono::steady_clock::now() + taken_limit;
    for (Time now{}; (now = std::chrono::steady_clock::now()) < limit && !over_;) {
        int unread = 0;
        if (::ioctl(direction.to.native_handle(), SIOCOUTQ, &unread) != 0 || unread == 0)
            co_return;
        co_await wait_until(direction.work, now + taken_interval);
    }
}

// Both directions of a socket are over when its peer is closed: whoever sends to it learns of it,
// as without a carrier.
asio::awaitable<void> Carrier::watch(std::shared_ptr<Carrier> self, Direction& direction) {
    const auto failure = co_await direction.to.ready(core::Stream::Event::hung_up);
    if (!failure && !self->over_ && !direction.done)
        self->receiver_is_gone(direction);
}

void Carrier::receiver_is_gone(Direction& direction) {
    direction.pieces.clear();
    direction.held = 0;
    static_cast<void>(::shutdown(direction.from.native_handle(), SHUT_RD));
    finish(direction);
}

void Carrier::finish(Direction& direction) {
    direction.done = true;
    direction.to.shutdown_send();
    direction.room.cancel();
    direction.work.cancel();
    if (directions_[0].done && directions_[1].done)
        end(Effects::End::none);
}

// How the connection ends: in order, cut or reset.
void Carrier::end(Effects::End how) {
    if (std::exchange(over_, true))
        return;
    for (core::Stream* const stream : {&near_, &far_}) {
        if (how == Effects::End::reset) {
            stream->reset_when_closed();
        } else {
            if (how == Effects::End::cut)
                stream->shutdown_both();
            drop_unread(stream->native_handle());
        }
        stream->close();
    }
    for (Direction& direction : directions_) {
        direction.room.cancel();
        direction.work.cancel();
    }
    book_.close(connection_);
    if (const auto done = std::exchange(done_, nullptr))
        done();
}

}  // namespace glovebox::fault
