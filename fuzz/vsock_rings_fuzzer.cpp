// SPDX-License-Identifier: Apache-2.0

// Anything that an enclave's driver may write into its rings and buffers, at any time: the switch
// reads and writes nothing outside of the guest's memory, and what reaches the parent is a packet
// from that enclave which the parent could have been sent. The input is a row of writes:
//
//   | offset u16 | size u8 | size bytes |
//
// into the enclave's memory (vsock_front_end.h); after each the switch moves what it can, and a
// well-behaved parent accepts connections, echoes data and closes what was closed.

#include <algorithm>

#include "fuzz/vsock_front_end.h"

using namespace glovebox;
using namespace glovebox::vsock_switch;

namespace {

constexpr Cid enclave_cid = 16;

// A parent's driver that offers 4 KiB buffers and answers each packet.
class Parent {
  public:
    explicit Parent(Switchboard& board) : end_(parent_cid, board) {
        end_.start();
        for (; offered_ < FrontEnd::ring_size; ++offered_)
            offer();
    }

    Device& device() { return end_.device(); }

    void step() {
        const std::uint16_t index = used_index(0);
        // As Linux has it: while replies wait for room, nothing more is received.
        for (; seen_ != index && can_send(); ++seen_) {
            std::uint32_t entry[2];
            std::memcpy(entry, end_.memory() + FrontEnd::used + 4 + seen_ % FrontEnd::ring_size * 8,
                        sizeof entry);
            PacketHeader packet;
            std::memcpy(&packet, end_.memory() + receive_buffer(seen_), sizeof packet);
            require(entry[1] == sizeof packet + packet.length && entry[1] <= buffer_size);
            require(packet.source_cid == enclave_cid && packet.destination_cid == parent_cid);
            require(packet.type == type_stream);
            require(packet.op >= op_request && packet.op <= op_credit_request);
            answer(packet);
            offer();
            ++offered_;
        }
    }

  private:
    static constexpr std::size_t buffer_size = 0x1000;

    std::uint16_t used_index(std::size_t ring) {
        std::uint16_t index = 0;
        std::memcpy(&index, end_.memory() + ring * FrontEnd::ring_stride + FrontEnd::used + 2,
                    sizeof index);
        return index;
    }
    bool can_send() {
        return static_cast<std::uint16_t>(sent_ - used_index(1)) < FrontEnd::ring_size;
    }

    static std::size_t receive_buffer(std::uint16_t number) {
        return 0x1000 + number % FrontEnd::ring_size * buffer_size;
    }

    void answer(const PacketHeader& packet) {
        PacketHeader reply = packet;
        std::swap(reply.source_cid, reply.destination_cid);
        std::swap(reply.source_port, reply.destination_port);
        reply.flags = 0;
        reply.length = 0;
        if (packet.op == op_request)
            reply.op = op_response;
        else if (packet.op == op_shutdown)
            reply.op = op_reset;
        else if (packet.op == op_data)
            reply.length = packet.length;  // whatever the transmit buffer holds
        else
            return;
        const std::size_t slot = sent_ % FrontEnd::ring_size;
        const std::size_t at = 0x9000 + slot * 0x200;
        reply.length = std::min<std::uint32_t>(reply.length, 0x100);
        std::memcpy(end_.memory() + at, &reply, sizeof reply);
        descriptor(1, slot, at, sizeof reply + reply.length, 0);
        publish(1, slot, ++sent_);
    }
    void offer() {
        const std::size_t slot = offered_ % FrontEnd::ring_size;
        descriptor(0, slot, receive_buffer(offered_), buffer_size, 2);
        publish(0, slot, static_cast<std::uint16_t>(offered_ + 1));
    }
    void descriptor(std::size_t ring, std::size_t slot, std::uint64_t at, std::uint32_t size,
                    std::uint16_t flags) {
        std::uint8_t* to = end_.memory() + ring * FrontEnd::ring_stride + slot * 16;
        const std::uint16_t flags_and_next[2] = {flags, 0};
        std::memcpy(to, &at, 8);
        std::memcpy(to + 8, &size, 4);
        std::memcpy(to + 12, flags_and_next, 4);
    }
    void publish(std::size_t ring, std::size_t slot, std::uint16_t index) {
        std::uint8_t* to = end_.memory() + ring * FrontEnd::ring_stride + FrontEnd::available;
        const auto head = static_cast<std::uint16_t>(slot);
        std::memcpy(to + 4 + slot * 2, &head, 2);
        std::memcpy(to + 2, &index, 2);
    }

    FrontEnd end_;
    std::uint16_t offered_ = 0, seen_ = 0, sent_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Switchboard board({.outbox_packets = 16, .outbox_bytes = 4096, .connections = 16}, {99});
    Parent parent(board);
    FrontEnd enclave(enclave_cid, board);
    enclave.start();
    BytesView rest(data, size);
    while (rest.size() >= 3) {
        const std::size_t offset = rest[0] | static_cast<std::size_t>(rest[1]) << 8;
        const std::size_t length = std::min(
            {static_cast<std::size_t>(rest[2]), rest.size() - 3, FrontEnd::memory_size - offset});
        std::copy_n(rest.begin() + 3, length, enclave.memory() + offset);
        rest = rest.subspan(3 + length);
        if (!enclave.device().exchange(16))
            break;
        require(parent.device().exchange(16).has_value());
        parent.step();
        require(board.connection_count() <= 16);
    }
    return 0;
}
