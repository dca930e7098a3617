// SPDX-License-Identifier: Apache-2.0

#include "core/relay/relay.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "core/relay/relay_direction.h"
#include "core/stream/asio_result.h"
#include "core/stream/peer_presence.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

// How long one direction may work before the event loop has its turn: so many moves.
constexpr int moves_in_a_row_max = 16;

error_code system_error(int errno_value) {
    return {errno_value, boost::system::system_category()};
}

// The next of the moments that are one step apart. Timers of many relays that expire at the same
// moment cost the kernel one timer.
steady_clock::time_point in_step(steady_clock::time_point time, steady_clock::duration step) {
    const auto beyond = time.time_since_epoch() % std::max(step, steady_clock::duration(1));
    return beyond == beyond.zero() ? time : time + (step - beyond);
}

class RelaySession : public std::enable_shared_from_this<RelaySession> {
  public:
    using Done = std::function<void(RelayResult)>;

    RelaySession(Stream first, Stream second, PipePool& pipes, RelayOptions options,
                 ResetNotices notices, TrafficCounts* traffic)
        : first_(std::move(first)),
          second_(std::move(second)),
          options_(options),
          notices_{notices.first, notices.second},
          traffic_(traffic),
          directions_{{{first_, second_, pipes}, {second_, first_, pipes}}},
          quiet_timer_(first_.get_executor()),
          linger_timer_(first_.get_executor()) {
        if (traffic_ == nullptr || traffic_->first_bytes == nullptr)
            return;
        directions_[0].copy_first(*traffic_->first_bytes, FirstBytes::From::client);
        directions_[1].copy_first(*traffic_->first_bytes, FirstBytes::From::target);
    }

    void start(Done done) {
        done_ = std::move(done);
        touch();
        // So soon that the timer of a short connection need not be set again for its half-close.
        watch_quiet_for(std::min(options_.linger, look_after()));
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
    // Whether the peer of `side`, which has ended, told that this is a reset.
    bool heard_reset(Side side) { return notices_[side] != nullptr && notices_[side]->heard(); }
    [[nodiscard]] bool ended() const { return !done_; }
    void touch() {
        last_move_ = steady_clock::now();
        count();
    }
    void count() {
        if (traffic_ == nullptr)
            return;
        traffic_->from_client.add(directions_[0].delivered - counted_[0]);
        traffic_->from_target.add(directions_[1].delivered - counted_[1]);
        counted_ = {directions_[0].delivered, directions_[1].delivered};
    }

    // Moves what can be moved, then waits for what is missing.
    void run(Side side) {
        RelayDirection& direction = directions_[side];
        for (int moves = 0; moves < moves_in_a_row_max; ++moves) {
            if (ended() || direction.state == RelayDirection::State::done)
                return;
            if (direction.held() > 0) {
                const Move move = direction.push();
                if (move.kind == Move::Kind::moved)
                    touch();
                else if (move.kind == Move::Kind::would_block)
                    return wait(side, direction.to(), Stream::Event::writable);
                else
                    on_write_failed(side, system_error(move.errno_value));
                continue;
            }
            if (direction.source_ended)
                return on_delivered(side);
            const Move move = direction.pull();
            switch (move.kind) {
                case Move::Kind::moved:
                    if (direction.state == RelayDirection::State::moving)
                        touch();
                    else
                        on_dropped(side);
                    break;
                case Move::Kind::would_block:
                    direction.rest();
                    return wait(side, direction.from(), Stream::Event::readable);
                case Move::Kind::end:
                    if (heard_reset(side))
                        return on_reset(side, system_error(ECONNRESET));
                    direction.source_ended = true;
                    break;
                case Move::Kind::unsupported:
                case Move::Kind::failed:
                    return on_reset(side, system_error(move.errno_value));
            }
        }
        asio::post(first_.get_executor(), [self = shared_from_this(), side] { self->run(side); });
    }

    // What one wait of the session calls when it ends. The waits alone keep the session.
    class Turn final : public Readiness::Waiter {
      public:
        using Work = void (RelaySession::*)(Side);

        void begin(std::shared_ptr<RelaySession> session, Side side, Work work, Stream& on,
                   Stream::Event event) {
            session_ = std::move(session);
            side_ = side;
            work_ = work;
            on.watch().wait(event, *this);
        }

        void on_ready(error_code failure) override {
            const auto session = std::move(session_);
            if (!failure)
                (session.get()->*work_)(side_);
        }

        // With the session this may go too.
        void on_abandoned() override { const auto session = std::move(session_); }

      private:
        std::shared_ptr<RelaySession> session_;
        Side side_ = 0;
        Work work_ = nullptr;
    };

    void wait(Side side, Stream& on, Stream::Event event) {
        turns_[side].begin(shared_from_this(), side, &RelaySession::run, on, event);
    }

    // All that `side` sent is with the other side, which now learns that there is no more.
    void on_delivered(Side side) {
        RelayDirection& direction = directions_[side];
        const RelayDirection& back = directions_[1 - side];
        direction.rest();
        const bool receiver_listens = direction.state == RelayDirection::State::moving;
        direction.state = RelayDirection::State::done;
        if (back.state == RelayDirection::State::done)
            return on_both_done();  // whose close is the end of file
        if (receiver_listens)
            direction.to().shutdown_send();
        if (back.state == RelayDirection::State::discarding)
            return on_deaf(side);
        watch_hangup(side);
        if (quiet_timer_.expiry() > steady_clock::now() + look_after() * 5 / 4)
            watch_quiet();
    }

    void on_both_done() {
        for (const Side side : {Side{0}, Side{1}})
            if (directions_[side].lost)
                return on_reset(1 - side, system_error(EPIPE));
        complete(RelayEnd::finished, {});
    }

    // The receiver of this direction takes nothing more.
    void on_write_failed(Side side, error_code failure) {
        RelayDirection& direction = directions_[side];
        const Side receiver = 1 - side;
        direction.drop_held();
        direction.state = RelayDirection::State::discarding;
        if (directions_[receiver].state == RelayDirection::State::done)
            on_reset(receiver, failure);
    }

    // Something for a side that takes nothing more was dropped; if it has nothing more to say
    // either, that is the end.
    void on_dropped(Side side) {
        const Side receiver = 1 - side;
        if (directions_[receiver].state == RelayDirection::State::done)
            on_reset(receiver, system_error(EPIPE));
    }

    // `side` has said all that it had to say, and what the other side sends can't reach it.
    void on_deaf(Side side) {
        if (directions_[1 - side].lost)
            return on_reset(side, system_error(EPIPE));
        linger_timer_.expires_after(options_.linger);
        linger_timer_.async_wait([self = shared_from_this(), side](error_code failure) {
            if (!failure)
                self->complete(side == 0 ? RelayEnd::first_left : RelayEnd::second_left, {});
        });
    }

    // After its EOF a side is no longer read from, so nothing else would tell that it has gone
    // altogether. AF_UNIX peers and TCP resets are seen at once; look() finds the others.
    void watch_hangup(Side side) {
        if (stream(side).watch().is(Stream::Event::hung_up))
            return on_gone(side);
        hangups_[side].begin(shared_from_this(), side, &RelaySession::on_gone, stream(side),
                             Stream::Event::hung_up);
    }

    void on_gone(Side side) {
        if (!ended() && directions_[1 - side].state == RelayDirection::State::moving)
            on_hangup(side);
    }

    void on_hangup(Side side) {
        RelayDirection& back = directions_[1 - side];
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(stream(side).native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
        back.drop_held();
        back.state = RelayDirection::State::discarding;
        if (error == 0 && heard_reset(side))
            error = ECONNRESET;
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
        // A peer that vanished from the network has not left, whatever it sent before.
        reset_had_ended_ = directions_[side].state == RelayDirection::State::done &&
                           !directions_[side].lost && failure.value() != ETIMEDOUT;
        for (RelayDirection& direction : directions_)
            direction.state = RelayDirection::State::done;
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

    [[nodiscard]] bool is_half_closed() const {
        return directions_[0].state != directions_[1].state;
    }
    // After so long without a move the peers are looked at.
    [[nodiscard]] std::chrono::milliseconds look_after() const {
        if (is_half_closed())
            return options_.linger;
        const auto dead = options_.dead_after / 2;
        const auto half_closed = options_.half_close_timeout;
        return half_closed == half_closed.zero() ? dead : std::min(dead, half_closed);
    }

    // A move only notes the time; the timer finds out whether it was long ago.
    void watch_quiet() { watch_quiet_for(look_after()); }

    void watch_quiet_for(std::chrono::milliseconds time) {
        const auto since = std::max(last_move_, last_look_);
        auto next = since + time;
        for (const auto limit : {options_.idle_timeout, options_.half_close_timeout})
            if (limit != limit.zero() && (is_half_closed() || limit == options_.idle_timeout))
                next = std::min<steady_clock::time_point>(next, last_move_ + limit);
        quiet_timer_.expires_at(in_step(next, (next - since) / 8));
        quiet_timer_.async_wait([self = shared_from_this()](error_code failure) {
            if (!failure && !self->ended())
                self->on_quiet();
        });
    }

    // Not for those that end before: it costs four calls a socket.
    void watch_by_keep_alive() {
        if (std::exchange(is_watched_, true))
            return;
        for (const Side side : {Side{0}, Side{1}})
            if (is_tcp(stream(side)))
                core::watch_by_keep_alive(stream(side).native_handle());
    }

    void on_quiet() {
        watch_by_keep_alive();
        const auto quiet = steady_clock::now() - last_move_;
        const auto is_over = [&](std::chrono::milliseconds limit) {
            return limit != limit.zero() && quiet >= limit;
        };
        if (is_over(options_.idle_timeout))
            return complete(RelayEnd::idle_timeout, {});
        if (is_over(options_.half_close_timeout) && one_has_ended())
            return complete(RelayEnd::half_close_timeout, {});
        if (quiet >= look_after())
            look();
        if (!ended())
            watch_quiet();
    }

    // Also where the end of file waits behind bytes that the other side does not take.
    bool one_has_ended() {
        return is_half_closed() || has_ended(first_) || has_ended(second_) || has_left(first_) ||
               has_left(second_);
    }

    // Asks whether the peers are still there.
    void look() {
        last_look_ = steady_clock::now();
        for (const Side side : {Side{0}, Side{1}})
            if (is_dead(stream(side), options_.dead_after))
                return on_reset(side, system_error(ETIMEDOUT));
        for (const Side side : {Side{0}, Side{1}})
            if (directions_[side].state == RelayDirection::State::done &&
                directions_[1 - side].state == RelayDirection::State::moving &&
                has_left(stream(side)))
                return on_hangup(side);
    }

    // Closes the stream so that its peer learns of a reset, if it can.
    void reset(Side side) {
        if (is_tcp(stream(side)))
            stream(side).reset_when_closed();
        else if (notices_[side] != nullptr)
            notices_[side]->reset(stream(side).release());
    }

    void complete(RelayEnd end, error_code failure) {
        if (ended())
            return;
        count();
        const RelayResult result{end, directions_[0].delivered, directions_[1].delivered, failure,
                                 reset_had_ended_};
        const bool is_clean = end == RelayEnd::finished || end == RelayEnd::first_left ||
                              end == RelayEnd::second_left;
        for (RelayDirection& direction : directions_) {
            direction.drop_held();
            direction.state = RelayDirection::State::done;
        }
        quiet_timer_.cancel();
        linger_timer_.cancel();
        for (const Side side : {Side{0}, Side{1}}) {
            // Not back to a side that broke off: there, the connection's name may be a new one's.
            if (!is_clean && end != reset_of(side))
                reset(side);
            stream(side).close();
        }
        asio::post(quiet_timer_.get_executor(),
                   [done = std::exchange(done_, nullptr), result] { done(result); });
    }

    std::array<Turn, 2> turns_;    // by direction; before the streams, whose close ends them
    std::array<Turn, 2> hangups_;  // by side
    Stream first_;
    Stream second_;
    RelayOptions options_;
    std::array<ResetNotice*, 2> notices_;
    TrafficCounts* traffic_;
    std::array<std::uint64_t, 2> counted_{};  // of the directions, in traffic_
    std::array<RelayDirection, 2> directions_;
    asio::steady_timer quiet_timer_;
    asio::steady_timer linger_timer_;
    steady_clock::time_point last_move_;
    steady_clock::time_point last_look_;
    steady_clock::time_point reset_deadline_;
    bool reset_had_ended_ = false;
    bool is_watched_ = false;
    Done done_;  // empty when ended
};

}  // namespace

// No coroutine itself: gcc 12 destroys twice what a lambda inside a co_await expression captures.
asio::awaitable<RelayResult> relay(Stream first, Stream second, PipePool& pipes,
                                   RelayOptions options, ResetNotices notices,
                                   TrafficCounts* traffic, std::function<void()>* canceller) {
    auto session = std::make_shared<RelaySession>(std::move(first), std::move(second), pipes,
                                                  options, notices, traffic);
    if (canceller != nullptr)
        *canceller = [weak = std::weak_ptr(session)] {
            if (const auto alive = weak.lock())
                alive->cancel();
        };
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
