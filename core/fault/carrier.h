// SPDX-License-Identifier: Apache-2.0

// Carries the bytes of one connection between two sockets, and does to it what a Book says.
//
//   program ── near ── carrier ── far ── peer
//
// What the two programs see is what AF_VSOCK gives (net/vmw_vsock/virtio_transport_common.c, Linux
// 6.6): after a cut, which is a peer's VIRTIO_VSOCK_OP_RST, recv returns 0 once all that had
// arrived is read, and send fails with EPIPE. A reset, which is the device's, is ECONNRESET.
//
// AF_UNIX says ECONNRESET to the peer of a socket that is closed with bytes unread. So the carrier
// leaves the last byte that it has read in the socket's queue, and takes it out before a close that
// is no reset. A program that has not sent a byte yet reads an end of file instead.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/fault/book.h"
#include "core/stream/stream.h"

namespace glovebox::fault {

class Carrier : public std::enable_shared_from_this<Carrier> {
  public:
    // `client` and `listener` are the two ends as the faults know them. The book outlives it.
    Carrier(core::Stream near, core::Stream far, Book& book, core::VsockAddress client,
            core::VsockAddress listener);

    // Until both ends have finished, or a fault ends it: then `done` is called, once.
    void start(std::function<void()> done);
    // The book has changed. A cut has closed both sockets when this returns.
    void look();
    // Closes both sockets as a cut does.
    void cut() { end(Effects::End::cut); }

  private:
    struct Piece {
        std::vector<std::uint8_t> bytes;
        std::size_t sent = 0;
        Time arrived;
    };
    struct Direction {
        Direction(core::Stream& source, core::Stream& sink)
            : from(source), to(sink), room(source.get_executor()), work(source.get_executor()) {}

        core::Stream& from;
        core::Stream& to;
        std::deque<Piece> pieces;  // read, and not yet sent
        std::size_t held = 0;      // bytes of them
        bool is_one_kept = false;  // at the head of from's queue is a byte that was read already
        bool source_ended = false;
        bool source_was_reset = false;
        bool done = false;
        Time next_send{};
        boost::asio::steady_timer room;  // cancelled when there is room in `pieces`
        boost::asio::steady_timer work;  // cancelled when the sending side has to look again
    };
    enum class Found { bytes, nothing, end, reset };

    [[nodiscard]] static boost::asio::awaitable<void> read(std::shared_ptr<Carrier> self,
                                                           Direction& direction);
    [[nodiscard]] static boost::asio::awaitable<void> write(std::shared_ptr<Carrier> self,
                                                            Direction& direction);
    [[nodiscard]] static boost::asio::awaitable<void> watch(std::shared_ptr<Carrier> self,
                                                            Direction& direction);
    [[nodiscard]] boost::asio::awaitable<void> send_some(Direction& direction);
    [[nodiscard]] boost::asio::awaitable<void> until_taken(Direction& direction);
    [[nodiscard]] Found take(Direction& direction);
    void receiver_is_gone(Direction& direction);
    void finish(Direction& direction);
    void end(Effects::End how);

    core::Stream near_;
    core::Stream far_;
    Book& book_;
    Book::ConnectionId connection_;
    std::array<Direction, 2> directions_;
    bool over_ = false;
    std::function<void()> done_;
};

}  // namespace glovebox::fault
