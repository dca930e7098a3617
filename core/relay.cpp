#include "core/relay.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/asio_result.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

// How long one direction may work before the event loop has its turn: so many moves.
constexpr int moves_in_a_row_max = 16;

// From here on a pipe is worth its while: what a full copy buffer holds.
constexpr std::size_t bulk_size_min = 64 * 1024;

// The kernel's limit on one splice, larger than any pipe here.
constexpr std::size_t splice_size_max = 1024 * 1024;

error_code system_error(int errno_value) {
    return {errno_value, boost::system::system_category()};
}

// What one attempt to move bytes came to.
struct Move {
    enum class Kind { moved, would_block, end, unsupported, failed };
    Kind kind = Kind::moved;
    std::size_t bytes = 0;
    int errno_value = 0;

    static Move of(ssize_t result) {
        if (result > 0)
            return {Kind::moved, static_cast<std::size_t>(result), 0};
        if (result == 0)
            return {Kind::end, 0, 0};
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return {Kind::would_block, 0, 0};
        return {errno == EINVAL ? Kind::unsupported : Kind::failed, 0, errno};
    }
};

template <class Call>
ssize_t restarted(Call call) {
    ssize_t result = 0;
    do
        result = call();
    while (result < 0 && errno == EINTR);
    return result;
}

// One direction: from one stream, through a pipe or a buffer, to the other.
class Direction {
  public:
    enum class State {
        moving,
        discarding,  // the receiver takes nothing more; what comes is dropped
        done,        // the source has ended, and the receiver knows
    };

    Direction(Stream& from, Stream& to, PipePool& pipes) : from_(from), to_(to), pipes_(pipes) {}
    ~Direction() { drop_held(); }
    Direction(const Direction&) = delete;
    Direction& operator=(const Direction&) = delete;

    State state = State::moving;
    bool source_ended = false;
    bool lost = false;  // something was dropped
    std::uint64_t delivered = 0;

    [[nodiscard]] Stream& from() { return from_; }
    [[nodiscard]] Stream& to() { return to_; }
    [[nodiscard]] std::size_t held() const { return pipe_ ? in_pipe_ : buffer_.size() - sent_; }

    // Reads once, when nothing is held. What is copied is written at once, too: only what the
    // receiver does not take at once is held.
    Move pull() {
        if (state == State::discarding)
            return discard_once();
        if (bulk_ && !pipe_)
            pipe_ = pipes_.take();
        if (pipe_) {
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
        }
        return copy_once();
    }

    // Writes once what is held.
    Move push() {
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

    // When the source has nothing more for now: an idle direction holds no pipe.
    void rest() {
        drop_held();
        bulk_ = can_splice_ && burst_ >= bulk_size_min;
        burst_ = 0;
    }

    void drop_held() {
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

  private:
    static Move splice(int from, int to) {
        return Move::of(restarted([&] {
            return ::splice(from, nullptr, to, nullptr, splice_size_max,
                            SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        }));
    }

    Move copy_once() {
        const auto buffer = pipes_.copy_buffer();
        const Move got = receive(buffer);
        if (got.kind != Move::Kind::moved)
            return got;
        burst_ += got.bytes;
        bulk_ = can_splice_ && got.bytes >= bulk_size_min;
        const auto bytes = buffer.first(got.bytes);
        const Move put = send(bytes);
        const std::size_t taken = put.kind == Move::Kind::moved ? put.bytes : 0;
        delivered += taken;
        // A failed write is met again, and dealt with, when the rest is pushed.
        buffer_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
        sent_ = 0;
        return got;
    }

    Move push_buffer() {
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
    Move copy_out_of_pipe() {
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

    Move discard_once() {
        const Move got = receive(pipes_.copy_buffer());
        lost = lost || got.kind == Move::Kind::moved;
        return got;
    }

    Move receive(std::span<std::uint8_t> into) {
        return Move::of(restarted(
            [&] { return ::recv(from_.native_handle(), into.data(), into.size(), MSG_DONTWAIT); }));
    }

    Move send(std::span<const std::uint8_t> bytes) {
        return Move::of(restarted([&] {
            return ::send(to_.native_handle(), bytes.data(), bytes.size(),
                          MSG_DONTWAIT | MSG_NOSIGNAL);
        }));
    }

    void release_pipe() {
        if (!pipe_)
            return;
        pipes_.give_back(std::move(*pipe_));
        pipe_.reset();
    }

    Stream& from_;
    Stream& to_;
    PipePool& pipes_;
    std::optional<Pipe> pipe_;
    std::size_t in_pipe_ = 0;
    std::vector<std::uint8_t> buffer_;  // copied and not yet taken: from sent_ on
    std::size_t sent_ = 0;
    std::size_t burst_ = 0;  // bytes read since the source last had nothing more
    bool bulk_ = false;      // much is coming: splice it
    bool can_splice_ = true;
};

bool is_tcp(Stream& stream) {
    int protocol = 0;
    socklen_t size = sizeof protocol;
    return ::getsockopt(stream.native_handle(), SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
           protocol == IPPROTO_TCP;
}

class RelaySession : public std::enable_shared_from_this<RelaySession> {
  public:
    using Done = std::function<void(RelayResult)>;

    RelaySession(Stream first, Stream second, PipePool& pipes, RelayOptions options)
        : first_(std::move(first)),
          second_(std::move(second)),
          options_(options),
          directions_{{{first_, second_, pipes}, {second_, first_, pipes}}},
          idle_timer_(first_.get_executor()),
          linger_timer_(first_.get_executor()) {}

    void start(Done done) {
        done_ = std::move(done);
        error_code failure;
        first_.native_non_blocking(true, failure);
        second_.native_non_blocking(true, failure);
        touch();
        watch_idle();
        run(0);
        run(1);
    }

    void cancel() { complete(RelayEnd::cancelled, {}); }

  private:
    using Side = std::size_t;  // 0 first, 1 second; direction i reads from side i

    static RelayEnd reset_of(Side side) {
        return side == 0 ? RelayEnd::first_reset : RelayEnd::second_reset;
    }
    Stream& stream(Side side) { return side == 0 ? first_ : second_; }
    [[nodiscard]] bool ended() const { return !done_; }
    void touch() { last_move_ = steady_clock::now(); }

    // Moves what can be moved, then waits for what is missing.
    void run(Side side) {
        Direction& direction = directions_[side];
        for (int moves = 0; moves < moves_in_a_row_max; ++moves) {
            if (ended() || direction.state == Direction::State::done)
                return;
            if (direction.held() > 0) {
                const Move move = direction.push();
                if (move.kind == Move::Kind::moved)
                    touch();
                else if (move.kind == Move::Kind::would_block)
                    return wait(side, direction.to(), Stream::wait_write);
                else
                    on_write_failed(side, system_error(move.errno_value));
                continue;
            }
            if (direction.source_ended)
                return on_delivered(side);
            const Move move = direction.pull();
            switch (move.kind) {
                case Move::Kind::moved:
                    if (direction.state == Direction::State::moving)
                        touch();
                    else
                        on_dropped(side);
                    break;
                case Move::Kind::would_block:
                    direction.rest();
                    return wait(side, direction.from(), Stream::wait_read);
                case Move::Kind::end:
                    direction.source_ended = true;
                    break;
                case Move::Kind::unsupported:
                case Move::Kind::failed:
                    return on_reset(side, system_error(move.errno_value));
            }
        }
        asio::post(first_.get_executor(), [self = shared_from_this(), side] { self->run(side); });
    }

    void wait(Side side, Stream& on, Stream::wait_type what) {
        on.async_wait(what, [self = shared_from_this(), side](error_code failure) {
            if (!failure)
                self->run(side);
        });
    }

    // All that `side` sent is with the other side, which now learns that there is no more.
    void on_delivered(Side side) {
        Direction& direction = directions_[side];
        const Direction& back = directions_[1 - side];
        direction.rest();
        if (direction.state == Direction::State::moving) {
            error_code ignored;  // the other side may be gone: its own direction will say so
            direction.to().shutdown(asio::socket_base::shutdown_send, ignored);
        }
        direction.state = Direction::State::done;
        if (back.state == Direction::State::done)
            on_both_done();
        else if (back.state == Direction::State::discarding)
            on_deaf(side);
        else
            watch_hangup(side);
    }

    void on_both_done() {
        for (const Side side : {Side{0}, Side{1}})
            if (directions_[side].lost)
                return on_reset(1 - side, system_error(EPIPE));
        complete(RelayEnd::finished, {});
    }

    // The receiver of this direction takes nothing more.
    void on_write_failed(Side side, error_code failure) {
        Direction& direction = directions_[side];
        const Side receiver = 1 - side;
        direction.drop_held();
        direction.state = Direction::State::discarding;
        if (directions_[receiver].state == Direction::State::done)
            on_reset(receiver, failure);
    }

    // Something for a side that takes nothing more was dropped; if it has nothing more to say
    // either, that is the end.
    void on_dropped(Side side) {
        const Side receiver = 1 - side;
        if (directions_[receiver].state == Direction::State::done)
            on_reset(receiver, system_error(EPIPE));
    }

    // `side` has said all that it had to say, and what the other side sends can't reach it.
    void on_deaf(Side side) {
        if (directions_[1 - side].lost)
            return on_reset(side, system_error(EPIPE));
        linger_timer_.expires_after(options_.linger);
        linger_timer_.async_wait([self = shared_from_this()](error_code failure) {
            if (!failure)
                self->complete(RelayEnd::finished, {});
        });
    }

    // After its EOF a side is no longer read from, so nothing else would tell that it has gone
    // altogether. (A TCP or vsock peer that closes looks like one that only ended its half, until
    // it is written to; an AF_UNIX peer does not.)
    void watch_hangup(Side side) {
        stream(side).async_wait(
            Stream::wait_error, [self = shared_from_this(), side](error_code failure) {
                if (!failure && !self->ended() &&
                    self->directions_[1 - side].state == Direction::State::moving)
                    self->on_hangup(side);
            });
    }

    void on_hangup(Side side) {
        Direction& back = directions_[1 - side];
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(stream(side).native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
        back.drop_held();
        back.state = Direction::State::discarding;
        if (error != 0)
            on_reset(side, system_error(error));
        else
            on_deaf(side);
    }

    // `side` broke off. All that it sent before has been written to the other side, whose kernel
    // may still be sending it: a reset would throw that away, so it waits a little.
    void on_reset(Side side, error_code failure) {
        if (ended())
            return;
        for (Direction& direction : directions_)
            direction.state = Direction::State::done;
        reset_deadline_ = steady_clock::now() + options_.linger;
        finish_reset(side, failure);
    }

    void finish_reset(Side side, error_code failure) {
        constexpr std::chrono::milliseconds look_again{10};
        if (unsent(stream(1 - side)) == 0 || steady_clock::now() >= reset_deadline_)
            return complete(reset_of(side), failure);
        linger_timer_.expires_after(look_again);
        linger_timer_.async_wait([self = shared_from_this(), side, failure](error_code cancelled) {
            if (!cancelled)
                self->finish_reset(side, failure);
        });
    }

    // Bytes that a reset would throw away.
    static int unsent(Stream& stream) {
        int bytes = 0;
        if (!is_tcp(stream) || ::ioctl(stream.native_handle(), SIOCOUTQ, &bytes) != 0)
            return 0;
        return bytes;
    }

    void watch_idle() {
        if (options_.idle_timeout == options_.idle_timeout.zero())
            return;
        // A move only notes the time; the timer finds out whether it was long ago.
        idle_timer_.expires_at(last_move_ + options_.idle_timeout);
        idle_timer_.async_wait([self = shared_from_this()](error_code failure) {
            if (failure || self->ended())
                return;
            if (steady_clock::now() - self->last_move_ >= self->options_.idle_timeout)
                self->complete(RelayEnd::idle_timeout, {});
            else
                self->watch_idle();
        });
    }

    void complete(RelayEnd end, error_code failure) {
        if (ended())
            return;
        const RelayResult result{end, directions_[0].delivered, directions_[1].delivered, failure};
        for (Direction& direction : directions_) {
            direction.drop_held();
            direction.state = Direction::State::done;
        }
        idle_timer_.cancel();
        linger_timer_.cancel();
        for (Stream* stream : {&first_, &second_}) {
            error_code ignored;
            if (end != RelayEnd::finished && is_tcp(*stream))
                stream->set_option(asio::socket_base::linger(true, 0), ignored);
            stream->close(ignored);
        }
        asio::post(first_.get_executor(),
                   [done = std::exchange(done_, nullptr), result] { done(result); });
    }

    Stream first_;
    Stream second_;
    RelayOptions options_;
    std::array<Direction, 2> directions_;
    asio::steady_timer idle_timer_;
    asio::steady_timer linger_timer_;
    steady_clock::time_point last_move_;
    steady_clock::time_point reset_deadline_;
    Done done_;  // empty when ended
};

}  // namespace

// No coroutine itself: gcc 12 destroys twice what a lambda inside a co_await expression captures.
asio::awaitable<RelayResult> relay(Stream first, Stream second, PipePool& pipes,
                                   RelayOptions options) {
    auto session =
        std::make_shared<RelaySession>(std::move(first), std::move(second), pipes, options);
    // Once started, the waits alone keep the session: it owns the handler, and through it this.
    auto initiate = [session = std::move(session)](auto handler) mutable {
        const auto running = std::move(session);
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
            slot.assign([weak = std::weak_ptr(running)](asio::cancellation_type) {
                if (const auto alive = weak.lock())
                    alive->cancel();
            });
        // std::function wants to copy what only moves.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        running->start([shared](const RelayResult& result) {
            asio::get_associated_cancellation_slot(*shared).clear();
            std::move (*shared)(result);
        });
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(RelayResult)>(
        std::move(initiate), asio::use_awaitable);
}

}  // namespace glovebox::core
