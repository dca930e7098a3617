// SPDX-License-Identifier: Apache-2.0

#include "core/relay/hop_resets.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "core/stream/asio_result.h"
#include "core/stream/stream_io.h"

namespace glovebox::core {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

using Record = std::array<std::uint8_t, 4>;

constexpr Port reset_port_mask = 0x52535400;  // "RST", and a zero byte
constexpr Port first_ordinary_port = 1024;

// A peer that writes without end must not hold up others.
constexpr int reads_in_a_row_max = 16;

constexpr std::size_t records_at_once_max = 1024;

// A peer that reads no notices for this time is abandoned: closing connections wait for their
// notice.
constexpr std::chrono::seconds write_patience{5};

// A notice may overtake its connection, which waits to be accepted. One that finds no connection
// belongs to one that has ended: it must not be taken for a later one's of the same port.
constexpr std::chrono::seconds early_age_max{5};
constexpr std::size_t early_max = 1024;

Record to_record(Port port) {
    const std::uint32_t number = htonl(port);
    Record record;
    std::memcpy(record.data(), &number, record.size());
    return record;
}

Port to_port(const Record& record) {
    std::uint32_t number = 0;
    std::memcpy(&number, record.data(), record.size());
    return ntohl(number);
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

std::optional<Port> reset_port(Port port) {
    const Port beside = port ^ reset_port_mask;
    if (port == port_any || beside == port_any || beside < first_ordinary_port)
        return std::nullopt;
    return beside;
}

bool is_reset_port(Port port) {
    constexpr Port usual_end = Port{1} << 24;
    return (port ^ reset_port_mask) < usual_end;
}

// Both directions of one channel. What can't be written at once is kept, together with the sockets
// that are closed when it has been written. Any thread may read, with the hop's mutex locked; the
// rest is for the channel's loop.
class HopResets::Channel final : public std::enable_shared_from_this<Channel>,
                                 private Readiness::Waiter {
  public:
    explicit Channel(Stream stream)
        : stream_(std::move(stream)),
          stuck_(stream_.get_executor()),
          written_(stream_.get_executor(), steady_clock::time_point::max()) {}

    [[nodiscard]] asio::any_io_executor get_executor() const { return stream_.get_executor(); }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] Stream& stream() { return stream_; }

    // The ports that the peer told. Returns whether there is nothing more now. The end of the peer
    // is an edge for the channel's loop too.
    template <class Take>
    [[nodiscard]] bool read(Take take) {
        std::array<std::uint8_t, 4096> buffer;
        for (int reads = 0; reads < reads_in_a_row_max && !ended_; ++reads) {
            const ssize_t got =
                ::recv(stream_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got < 0 && would_block())
                return true;
            if (got <= 0) {
                ended_ = true;
                return true;
            }
            for (const std::uint8_t byte : std::span(buffer).first(static_cast<std::size_t>(got))) {
                incoming_[filled_++] = byte;
                if (filled_ == incoming_.size()) {
                    filled_ = 0;
                    take(to_port(incoming_));
                }
            }
        }
        return false;
    }

    void write(Port port, std::shared_ptr<UniqueFd> closed_after) {
        if (ended_)
            return;
        outgoing_.push_back({to_record(port), std::move(closed_after)});
        if (!waiting_)
            write_out();
    }

    // Returns when nothing is left to be written.
    static asio::awaitable<void> drain(std::shared_ptr<Channel> channel) {
        while (channel->waiting_ && !channel->ended_)
            co_await channel->written_.async_wait(as_result);
    }

    void end() {
        ended_ = true;
        waiting_ = false;
        outgoing_.clear();
        stuck_.cancel();
        written_.cancel();
        stream_.shutdown_both();
    }

  private:
    struct Outgoing {
        Record record;
        std::shared_ptr<UniqueFd> closed_after;
    };

    void write_out() {
        waiting_ = false;
        while (!outgoing_.empty() && !ended_) {
            const std::size_t records = std::min(outgoing_.size(), records_at_once_max);
            std::vector<std::uint8_t> bytes;
            bytes.reserve(records * Record().size());
            for (std::size_t i = 0; i < records; ++i)
                bytes.insert(bytes.end(), outgoing_[i].record.begin(), outgoing_[i].record.end());
            const ssize_t sent = ::send(stream_.native_handle(), bytes.data() + sent_,
                                        bytes.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0 && would_block())
                return wait();
            if (sent <= 0)
                return end();
            stuck_.cancel();
            sent_ += static_cast<std::size_t>(sent);
            const auto whole = static_cast<std::ptrdiff_t>(sent_ / Record().size());
            outgoing_.erase(outgoing_.begin(), outgoing_.begin() + whole);
            sent_ %= Record().size();
        }
        written_.cancel();
    }

    void wait() {
        waiting_ = true;
        stream_.watch().clear(Stream::Event::writable);
        waiter_ = shared_from_this();
        stream_.watch().wait(Stream::Event::writable, *this);
        stuck_.expires_after(write_patience);
        stuck_.async_wait([self = shared_from_this()](const error_code& failure) {
            if (!failure)
                self->end();
        });
    }

    void on_ready(error_code failure) override {
        const auto self = std::move(waiter_);
        if (!failure && !ended_)
            write_out();
    }

    void on_abandoned() override { const auto self = std::move(waiter_); }

    std::shared_ptr<Channel> waiter_;  // this, while it waits for room
    Stream stream_;
    asio::steady_timer stuck_;
    asio::steady_timer written_;  // never fires; cancelled when nothing is left to be written
    std::atomic<bool> ended_{false};
    bool waiting_ = false;  // for room to write
    Record incoming_{};
    std::size_t filled_ = 0;
    std::deque<Outgoing> outgoing_;
    std::size_t sent_ = 0;  // of the first record
};

class HopResets::Notice final : public ResetNotice {
  public:
    Notice(std::shared_ptr<HopResets> hop, Port connecting)
        : hop_(std::move(hop)), connecting_(connecting) {}
    ~Notice() override {
        const std::lock_guard guard(hop_->mutex_);
        hop_->connections_.erase(connecting_);
    }

    void reset(UniqueFd socket) override {
        const auto closed_after = std::make_shared<UniqueFd>(std::move(socket));
        const std::lock_guard guard(hop_->mutex_);
        for (const auto& channel : hop_->channels_)
            asio::dispatch(channel->get_executor(),
                           [channel, connecting = connecting_, closed_after] {
                               channel->write(connecting, closed_after);
                           });
    }

    [[nodiscard]] bool heard() override {
        const std::lock_guard guard(hop_->mutex_);
        for (const auto& channel : hop_->channels_)
            static_cast<void>(channel->read([this](Port port) { hop_->hear_of(port); }));
        return hop_->connections_.at(connecting_);
    }

  private:
    std::shared_ptr<HopResets> hop_;
    Port connecting_;
};

std::unique_ptr<ResetNotice> HopResets::watch(Port connecting) {
    const std::lock_guard guard(mutex_);
    if (connecting == port_any || connections_.contains(connecting))
        return nullptr;
    forget_old();
    const auto is_its = [&](const Early& one) { return one.connecting == connecting; };
    connections_[connecting] = std::erase_if(early_, is_its) > 0;
    return std::make_unique<Notice>(shared_from_this(), connecting);
}

std::size_t HopResets::channels() const {
    const std::lock_guard guard(mutex_);
    return channels_.size();
}

// On the channel's loop. Bytes that come from here on are an edge that the loop has yet to see.
void HopResets::read(Channel& channel) {
    const std::lock_guard guard(mutex_);
    if (channel.read([this](Port port) { hear_of(port); }))
        channel.stream().watch().clear(Stream::Event::readable);
}

void HopResets::hear_of(Port connecting) {
    if (const auto named = connections_.find(connecting); named != connections_.end()) {
        named->second = true;
        return;
    }
    forget_old();
    if (early_.size() < early_max)
        early_.push_back({steady_clock::now(), connecting});
}

void HopResets::forget_old() {
    while (!early_.empty() && steady_clock::now() - early_.front().heard > early_age_max)
        early_.pop_front();
}

// No coroutine itself, which would begin later: a connection may be reset before that.
asio::awaitable<void> HopResets::serve(std::shared_ptr<HopResets> resets, Stream channel) {
    const std::lock_guard guard(resets->mutex_);
    Channels& all = resets->channels_;
    const auto place = all.insert(all.end(), std::make_shared<Channel>(std::move(channel)));
    return keep(std::move(resets), place);
}

asio::awaitable<void> HopResets::keep(std::shared_ptr<HopResets> resets, Channels::iterator place) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::shared_ptr<Channel> channel = *place;
    while (!channel->ended()) {
        const auto ready = co_await turn(channel->stream(), Stream::Event::readable);
        if (!ready)
            break;
        resets->read(*channel);
    }
    {
        const std::lock_guard guard(resets->mutex_);
        resets->channels_.erase(place);
    }
    co_await Channel::drain(channel);
    channel->end();
}

std::shared_ptr<HopResets> ResetsByCid::of(Cid cid) {
    auto hop = hops_[cid].lock();
    if (!hop) {
        hop = std::make_shared<HopResets>();
        std::erase_if(hops_, [](const auto& entry) { return entry.second.expired(); });
        hops_[cid] = hop;
    }
    return hop;
}

}  // namespace glovebox::core
