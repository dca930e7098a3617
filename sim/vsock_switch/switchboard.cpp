// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/switchboard.h"

#include <algorithm>
#include <utility>

namespace glovebox::vsock_switch {

namespace {

constexpr Cid nobody = 0;

PacketHeader reset_packet(Cid from, std::uint32_t from_port, Cid to, std::uint32_t to_port) {
    PacketHeader reset{};
    reset.source_cid = from;
    reset.source_port = from_port;
    reset.destination_cid = to;
    reset.destination_port = to_port;
    reset.type = type_stream;
    reset.op = op_reset;
    return reset;
}

}  // namespace

void Switchboard::attach(Cid guest) {
    detach(guest);
    outboxes_.try_emplace(guest);
}

void Switchboard::detach(Cid guest) {
    reset_connections(guest, false);
    outboxes_.erase(guest);
}

void Switchboard::give_up(Cid guest) {
    const auto found = outboxes_.find(guest);
    if (found == outboxes_.end())
        return;
    found->second.packets.clear();
    found->second.bytes = 0;
    reset_connections(guest, true);
}

bool Switchboard::may_take(Cid from, const PacketHeader& packet) const {
    switch (judge(from, packet)) {
        case Verdict::forward:
            return has_room(packet.destination_cid);
        case Verdict::answer_reset:
            return has_room(from);
        case Verdict::drop:
            return true;
    }
    return true;
}

void Switchboard::take(Cid from, const PacketHeader& packet, BytesView payload) {
    switch (judge(from, packet)) {
        case Verdict::drop:
            return;
        case Verdict::answer_reset:
            outboxes_.at(from).packets.push_back(
                {reset_packet(packet.destination_cid, packet.destination_port, packet.source_cid,
                              packet.source_port),
                 {}});
            if (packet.op == op_request)
                refused_(
                    {from, packet.source_port, packet.destination_cid, packet.destination_port});
            return;
        case Verdict::forward:
            break;
    }
    follow(from, packet);
    Outbox& outbox = outboxes_.at(packet.destination_cid);
    outbox.packets.push_back({packet, Bytes(payload.begin(), payload.end())});
    outbox.bytes += payload.size();
}

// What a packet that is forwarded does to its connection.
void Switchboard::follow(Cid from, const PacketHeader& packet) {
    const Connection connection = connection_of(packet);
    if (packet.op == op_request) {
        connections_[connection] = from;
        return;
    }
    Cid& asker = connections_.at(connection);
    if (packet.op == op_reset) {
        if (asker == packet.destination_cid)
            refused_({asker, packet.destination_port, from, packet.source_port});
        connections_.erase(connection);
    } else if (from != asker) {
        asker = nobody;
    }
}

bool Switchboard::has_mail(Cid guest) const {
    const auto found = outboxes_.find(guest);
    return found != outboxes_.end() &&
           (!found->second.packets.empty() || !found->second.resets.empty());
}

Switchboard::Piece Switchboard::next(Cid guest, std::size_t room) const {
    const Outbox& outbox = outboxes_.at(guest);
    if (outbox.packets.empty())
        return {outbox.resets.front(), {}};
    const Packet& packet = outbox.packets.front();
    const BytesView rest = BytesView(packet.payload).subspan(packet.sent);
    Piece piece{packet.header, rest.first(std::min(room, rest.size()))};
    piece.header.length = static_cast<std::uint32_t>(piece.payload.size());
    return piece;
}

void Switchboard::delivered(Cid guest, const Piece& piece) {
    Outbox& outbox = outboxes_.at(guest);
    if (outbox.packets.empty()) {
        outbox.resets.pop_front();
        return;
    }
    Packet& packet = outbox.packets.front();
    packet.sent += piece.payload.size();
    outbox.bytes -= piece.payload.size();
    if (packet.sent == packet.payload.size())
        outbox.packets.pop_front();
}

bool Switchboard::is_full(Cid guest) const {
    return outboxes_.contains(guest) && !has_room(guest);
}

Switchboard::Verdict Switchboard::judge(Cid from, const PacketHeader& packet) const {
    if (packet.source_cid != from || silent_.contains(packet.destination_cid))
        return Verdict::drop;  // a forged sender gets no answer: it would go to somebody else
    // A packet without a destination is answered with a reset, but a reset never is.
    const Verdict refused = packet.op == op_reset ? Verdict::drop : Verdict::answer_reset;
    if (packet.type != type_stream || packet.op < op_request || packet.op > op_credit_request)
        return refused;
    const bool to_parent = packet.destination_cid == parent_cid;
    const bool from_parent = from == parent_cid;
    if (to_parent == from_parent || !outboxes_.contains(packet.destination_cid))
        return refused;
    const bool known = connections_.contains(connection_of(packet));
    if (packet.op == op_request) {
        const bool in_number =
            known || connections_.size() + pending_resets() < limits_.connections;
        return in_number && has_room(packet.destination_cid) ? Verdict::forward : refused;
    }
    return known ? Verdict::forward : refused;
}

Switchboard::Connection Switchboard::connection_of(const PacketHeader& packet) {
    if (packet.destination_cid == parent_cid)
        return {packet.source_cid, packet.source_port, packet.destination_port};
    return {packet.destination_cid, packet.destination_port, packet.source_port};
}

bool Switchboard::has_room(Cid guest) const {
    const Outbox& outbox = outboxes_.at(guest);
    return outbox.packets.size() < limits_.outbox_packets && outbox.bytes < limits_.outbox_bytes;
}

std::size_t Switchboard::pending_resets() const {
    std::size_t count = 0;
    for (const auto& [guest, outbox] : outboxes_)
        count += outbox.resets.size();
    return count;
}

void Switchboard::reset_connections(Cid guest, bool tell_guest) {
    std::erase_if(connections_, [&](const auto& entry) {
        const Connection& connection = entry.first;
        const bool ends = guest == parent_cid || connection.enclave == guest;
        if (!ends)
            return false;
        const auto tell = [&](Cid whom, const PacketHeader& reset) {
            if (const auto found = outboxes_.find(whom);
                found != outboxes_.end() && (whom != guest || tell_guest))
                found->second.resets.push_back(reset);
        };
        tell(parent_cid, reset_packet(connection.enclave, connection.enclave_port, parent_cid,
                                      connection.parent_port));
        tell(connection.enclave, reset_packet(parent_cid, connection.parent_port,
                                              connection.enclave, connection.enclave_port));
        return true;
    });
}

}  // namespace glovebox::vsock_switch
