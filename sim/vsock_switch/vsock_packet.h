// SPDX-License-Identifier: Apache-2.0

// A packet of the virtio vsock device (virtio 1.2, section 5.10.6): 44 bytes of header, little
// endian, and `length` bytes of payload.
//
//   0        8        16    20    24    28   30  32    36        40      44
//   | src cid | dst cid | src | dst | len | ty | op | flags | buf_alloc | fwd_cnt |
//   |         |         | port| port|     | pe |    |       |           |         |
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace glovebox::vsock_switch {

static_assert(std::endian::native == std::endian::little, "virtio 1 is little endian");

enum : std::uint16_t {
    type_stream = 1,
};

// What a packet does to its connection. The flags of `shutdown` say which directions end.
enum : std::uint16_t {
    op_request = 1,
    op_response = 2,
    op_reset = 3,
    op_shutdown = 4,
    op_data = 5,
    op_credit_update = 6,
    op_credit_request = 7,
};

struct [[gnu::packed]] PacketHeader {
    std::uint64_t source_cid;
    std::uint64_t destination_cid;
    std::uint32_t source_port;
    std::uint32_t destination_port;
    std::uint32_t length;  // of the payload, bytes
    std::uint16_t type;
    std::uint16_t op;
    std::uint32_t flags;
    std::uint32_t buffer_allocated;  // the sender's receive buffer for this connection, bytes
    std::uint32_t forwarded;         // bytes that its program has read of it, modulo 2^32
};
static_assert(sizeof(PacketHeader) == 44);

// In bytes. Linux sends no packet with more payload (VIRTIO_VSOCK_MAX_PKT_BUF_SIZE), and the switch
// accepts none.
inline constexpr std::size_t max_payload = 64 * 1024;

}  // namespace glovebox::vsock_switch
