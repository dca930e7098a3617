// SPDX-License-Identifier: Apache-2.0

// The switch without I/O: which guest may reach which, and the packets that wait.
//
// Its shape is that of Nitro: one parent, CID 3, and enclaves. A packet may go from an enclave to
// the parent or from the parent to an enclave, and nowhere else. A packet that cannot be delivered
// is answered with a reset, as a kernel answers if nobody listens. Two kinds of packet disappear
// without an answer: those to a silent CID, by which a test makes a connect time out, and those
// with a forged sender.
//
// Memory is bounded. Packets for which a guest's driver has no buffer wait in its outbox. If that
// is full, a new connection to the guest is refused, as by a full backlog, and other packets stay
// in their sender's own ring (may_take): a sender is delayed, and nothing is lost. A sender has one
// ring for all its destinations, so a guest with a full outbox that takes nothing would block the
// other guests' traffic for ever. Its connections are reset instead (give_up).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
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
        // Bytes of payload; the last packet may exceed it. A connection has at most 256 KiB on its
        // way, unless its receiver asked for a larger buffer.
        std::size_t outbox_bytes = 8 << 20;
        std::size_t connections = 4096;  // of all guests together, pending resets included
    };

    Switchboard() : Switchboard(Limits{}, {}) {}
    Switchboard(Limits limits, std::set<Cid> silent)
        : limits_(limits), silent_(std::move(silent)) {}

    // The guest's driver is ready: from now on the guest can be reached.
    void attach(Cid guest);
    // The guest has gone: packets that wait for it are dropped, and its peers' connections are
    // reset.
    void detach(Cid guest);
    // The guest lives but takes nothing: the same, for both ends, and it stays attached.
    void give_up(Cid guest);

    // Whether take() may be called with this packet. If not, ask again when an outbox has become
    // shorter.
    [[nodiscard]] bool may_take(Cid from, const PacketHeader& packet) const;
    // Takes a packet from a guest. `payload` has packet.length bytes.
    void take(Cid from, const PacketHeader& packet, BytesView payload);

    // A connection that a guest asked for and that was answered with a reset, by the switch or by
    // the other guest.
    struct Refusal {
        Cid from;
        std::uint32_t from_port;
        Cid to;
        std::uint32_t to_port;
    };
    // `refused` is called with each of them from now on, within take().
    void observe_refusals(std::function<void(const Refusal&)> refused) {
        refused_ = std::move(refused);
    }

    // The next packet for a guest that has mail, with at most `room` bytes of payload. A longer
    // packet comes in pieces, each with a header of its own. It stays in the outbox until
    // delivered().
    struct Piece {
        PacketHeader header;
        BytesView payload;  // valid until the next call of a non-const function
    };
    [[nodiscard]] bool has_mail(Cid guest) const;
    [[nodiscard]] Piece next(Cid guest, std::size_t room) const;
    // Removes the piece that next() returned: it has been delivered.
    void delivered(Cid guest, const Piece& piece);
    // Whether the guest's outbox is full.
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
    void follow(Cid from, const PacketHeader& packet);

    Limits limits_;
    std::set<Cid> silent_;
    std::map<Cid, Outbox> outboxes_;         // of attached guests
    std::map<Connection, Cid> connections_;  // and the guest that dials, until it is answered
    std::function<void(const Refusal&)> refused_ = [](const Refusal&) {};
};

}  // namespace glovebox::vsock_switch
