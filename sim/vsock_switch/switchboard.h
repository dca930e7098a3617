// SPDX-License-Identifier: Apache-2.0

// Who may talk to whom, and what lies in between: the switch without any I/O.
//
// The shape is Nitro's: one parent, CID 3, and enclaves. A packet goes from an enclave to the
// parent or from the parent to an enclave, and nowhere else. What can't be delivered is answered
// with a reset, as a kernel answers where nobody listens; only packets to a silent CID vanish,
// which is how a test sees a connect time out.
//
// Memory is bounded. What a guest's driver has no buffer for waits in its outbox. When that is
// full, a new connection to it is refused, as by a full backlog, and other packets are left in
// their sender's own ring (may_take), so that a sender is held up rather than anything lost. As a
// sender has one ring for all its destinations, a guest that takes nothing for a while with a full
// outbox would hold up the others' traffic for ever: it is given up (give_up), its connections
// reset.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "sim/vsock_switch/vsock_packet.h"

namespace glovebox::vsock_switch {

using Cid = std::uint64_t;  // 64 bits wide in packets, 32 in programs
inline constexpr Cid parent_cid = 3;

class Switchboard {
  public:
    struct Limits {
        std::size_t outbox_packets = 4096;
        // Of payload; the last packet may go beyond. A connection has 256 KiB on its way at the
        // most, unless its receiver asked for a larger buffer.
        std::size_t outbox_bytes = 8 << 20;
        std::size_t connections = 4096;  // of all guests together
    };

    Switchboard() : Switchboard(Limits{}, {}) {}
    Switchboard(Limits limits, std::set<Cid> silent)
        : limits_(limits), silent_(std::move(silent)) {}

    // A guest's driver is ready; from now on it can be reached.
    void attach(Cid guest);
    // It is gone. What waited for it is dropped, and its peers' connections are reset.
    void detach(Cid guest);
    // It lives but takes nothing: the same, and it stays attached.
    void give_up(Cid guest);

    // Whether take() would have room. Ask again when an outbox has become shorter.
    [[nodiscard]] bool may_take(Cid from, const PacketHeader& packet) const;
    // Takes a packet that a guest sent; `payload` has packet.length bytes.
    void take(Cid from, const PacketHeader& packet, BytesView payload);

    // The next packet for a guest, of which no more than `room` bytes of payload are given: a
    // longer one comes in pieces, each with a header of its own.
    struct Piece {
        PacketHeader header;
        BytesView payload;  // valid until the next call of anything here
    };
    [[nodiscard]] bool has_mail(Cid guest) const;
    [[nodiscard]] Piece next(Cid guest, std::size_t room) const;
    // The piece that next() gave has been delivered.
    void delivered(Cid guest, const Piece& piece);
    [[nodiscard]] bool is_full(Cid guest) const;

    [[nodiscard]] std::size_t connection_count() const { return connections_.size(); }

  private:
    struct Packet {
        PacketHeader header;
        Bytes payload;
        std::size_t sent = 0;
    };
    struct Outbox {
        std::deque<Packet> packets;
        std::size_t bytes = 0;  // of payload that waits
        // Connections whose end the guest has yet to hear of, after its packets. No packet is kept
        // for them, so that any number of connections can be reset when a guest dies.
        std::deque<PacketHeader> resets;
    };
    // One end of a connection is always the parent's.
    struct Connection {
        Cid enclave;
        std::uint32_t enclave_port, parent_port;
        auto operator<=>(const Connection&) const = default;
    };
    enum class Verdict { forward, answer_reset, drop };

    [[nodiscard]] Verdict judge(Cid from, const PacketHeader& packet) const;
    [[nodiscard]] static Connection connection_of(const PacketHeader& packet);
    [[nodiscard]] bool has_room(Cid guest) const;
    [[nodiscard]] std::size_t pending_resets() const;
    void reset_connections(Cid guest, bool tell_guest);

    Limits limits_;
    std::set<Cid> silent_;
    std::map<Cid, Outbox> outboxes_;  // of attached guests
    std::set<Connection> connections_;
};

}  // namespace glovebox::vsock_switch
