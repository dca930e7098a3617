// SPDX-License-Identifier: Apache-2.0

#include "core/relay/relay_direction.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace glovebox::core {
namespace {

// From here on a pipe is worth its while: what a full copy buffer holds.
constexpr std::size_t bulk_size_min = 64 * 1024;
static_assert(FirstBytes::bytes_max <= bulk_size_min, "what is spliced is not copied");

// For one splice; a pipe is seldom larger.
constexpr std::size_t splice_size_max = 1024 * 1024;

// Where so much came more may have come since, which is asked for.
constexpr std::size_t short_read_max = 16 * 1024;

using Event = Stream::Event;

template <class Call>
ssize_t restarted(Call call) {
    ssize_t result = 0;
    do
        result = call();
    while (result < 0 && errno == EINTR);
    return result;
}

Move splice(int from, int to) {
    return Move::of(restarted([&] {
        return ::splice(from, nullptr, to, nullptr, splice_size_max,
                        SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    }));
}

}  // namespace

Move Move::of(ssize_t result) {
    if (result > 0)
        return {Kind::moved, static_cast<std::size_t>(result), 0};
    if (result == 0)
        return {Kind::end, 0, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return {Kind::would_block, 0, 0};
    return {errno == EINVAL ? Kind::unsupported : Kind::failed, 0, errno};
}

Move RelayDirection::pull() {
    if (!from_.watch().is(Event::readable))
        return {Move::Kind::would_block, 0, 0};
    Move move = read_once();
    if (move.kind == Move::Kind::would_block)
        from_.watch().clear(Event::readable);
    return move;
}

Move RelayDirection::push() {
    Move move = write_once();
    if (move.kind == Move::Kind::would_block)
        to_.watch().clear(Event::writable);
    return move;
}

Move RelayDirection::read_once() {
    if (state == State::discarding)
        return discard_once();
    if (bulk_ && !pipe_)
        pipe_ = pipes_.take();
    if (!pipe_)
        return copy_once();
    const Move move = splice(from_.native_handle(), pipe_->write.get());
    if (move.kind == Move::Kind::moved) {
        in_pipe_ = move.bytes;
        burst_ += move.bytes;
        return move;
    }
    release_pipe();
    if (move.kind != Move::Kind::unsupported)
        return move;
    can_splice_ = false;
    bulk_ = false;
    return copy_once();
}

Move RelayDirection::write_once() {
    if (!pipe_)
        return push_buffer();
    const Move move = splice(pipe_->read.get(), to_.native_handle());
    if (move.kind == Move::Kind::unsupported)
        return copy_out_of_pipe();
    if (move.kind == Move::Kind::moved) {
        in_pipe_ -= move.bytes;
        delivered += move.bytes;
    }
    return move;
}

void RelayDirection::rest() {
    drop_held();
    bulk_ = can_splice_ && burst_ >= bulk_size_min;
    burst_ = 0;
}

void RelayDirection::drop_held() {
    lost = lost || held() > 0;
    if (pipe_ && in_pipe_ > 0) {
        pipes_.discard(std::move(*pipe_));
        pipe_.reset();
    }
    release_pipe();
    in_pipe_ = 0;
    sent_ = 0;
    std::vector<std::uint8_t>().swap(buffer_);
}

// What is copied is written at once, too: only what the receiver does not take is held.
Move RelayDirection::copy_once() {
    const auto buffer = pipes_.copy_buffer();
    const Move got = receive(buffer);
    if (got.kind != Move::Kind::moved)
        return got;
    burst_ += got.bytes;
    bulk_ = can_splice_ && got.bytes >= bulk_size_min;
    const auto bytes = buffer.first(got.bytes);
    if (first_bytes_ != nullptr)
        first_bytes_->take(sender_, bytes);
    const Move put = send(bytes);
    const std::size_t taken = put.kind == Move::Kind::moved ? put.bytes : 0;
    delivered += taken;
    // A failed write is met again, and dealt with, when the rest is pushed.
    buffer_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
    sent_ = 0;
    return got;
}

Move RelayDirection::push_buffer() {
    const Move move = send(std::span(buffer_).subspan(sent_));
    if (move.kind == Move::Kind::moved) {
        sent_ += move.bytes;
        delivered += move.bytes;
        if (sent_ == buffer_.size()) {
            buffer_.clear();
            sent_ = 0;
        }
    }
    return move;
}

// A receiver that can't be spliced to: what is in the pipe goes on through the buffer.
Move RelayDirection::copy_out_of_pipe() {
    can_splice_ = false;
    bulk_ = false;
    std::vector<std::uint8_t> bytes(in_pipe_);
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t n = restarted(
            [&] { return ::read(pipe_->read.get(), bytes.data() + got, bytes.size() - got); });
        if (n <= 0)
            return {Move::Kind::failed, 0, n == 0 ? EPIPE : errno};
        got += static_cast<std::size_t>(n);
    }
    in_pipe_ = 0;
    release_pipe();
    buffer_ = std::move(bytes);
    sent_ = 0;
    return push_buffer();
}

Move RelayDirection::discard_once() {
    const Move got = receive(pipes_.copy_buffer());
    lost = lost || got.kind == Move::Kind::moved;
    return got;
}

// A short read took all that there was, and the next byte is an edge. Not so before the end of
// file, and where an AF_UNIX peer sent descriptors, at which a read stops.
Move RelayDirection::receive(std::span<std::uint8_t> into) {
    iovec piece{.iov_base = into.data(), .iov_len = into.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    const Move move = Move::of(
        restarted([&] { return ::recvmsg(from_.native_handle(), &message, MSG_DONTWAIT); }));
    if (move.kind == Move::Kind::moved && move.bytes < short_read_max &&
        (message.msg_flags & MSG_CTRUNC) == 0 && !from_.watch().peer_has_ended())
        from_.watch().clear(Event::readable);
    return move;
}

Move RelayDirection::send(std::span<const std::uint8_t> bytes) {
    return Move::of(restarted([&] {
        return ::send(to_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }));
}

void RelayDirection::release_pipe() {
    if (!pipe_)
        return;
    pipes_.give_back(std::move(*pipe_));
    pipe_.reset();
}

}  // namespace glovebox::core
