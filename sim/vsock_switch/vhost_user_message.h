// SPDX-License-Identifier: Apache-2.0

// The messages of vhost-user (QEMU's docs/interop/vhost-user.rst), by which QEMU, the front end,
// passes a device of its guest to another process, the back end, here the switch.
//
//   | request u32 | flags u32 | size u32 | payload, size bytes |     little endian
//
// They go over a Unix stream socket; descriptors of files accompany the first byte. Flags: the two
// lowest bits are the version, 1; bit 2 (4) marks a reply; bit 3 (8) asks for a reply to a request
// that has none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/vsock_switch/guest_memory.h"

namespace glovebox::vsock_switch {

// The protocol's names without VHOST_USER_. Other requests are refused.
enum class Request : std::uint32_t {
    get_features = 1,
    set_features = 2,
    set_owner = 3,
    reset_owner = 4,
    set_mem_table = 5,
    set_vring_num = 8,
    set_vring_addr = 9,
    set_vring_base = 10,
    get_vring_base = 11,
    set_vring_kick = 12,
    set_vring_call = 13,
    set_vring_err = 14,
    get_protocol_features = 15,
    set_protocol_features = 16,
    get_queue_num = 17,
    set_vring_enable = 18,
    get_config = 24,
    set_config = 25,
};

inline constexpr std::size_t message_header_size = 12;
// The longest payload that is accepted. The longest known one is a configuration of 256 bytes with
// 12 before it.
inline constexpr std::size_t max_message_payload = 512;
// The most files in one message: one for each region of a memory table.
inline constexpr std::size_t max_message_files = 8;

struct Message {
    Request request{};
    bool wants_reply = false;  // the flag; some requests have a reply in any case
    Bytes payload;
    std::vector<UniqueFd> files;
};

// Reads a header. An error for another version, for a reply, and for a payload beyond the limit.
struct MessageHeader {
    Request request;
    bool wants_reply;
    std::uint32_t size;
};
[[nodiscard]] Result<MessageHeader> parse_message_header(
    std::span<const std::uint8_t, message_header_size> bytes);

// Payloads. Each function reads a whole payload, and refuses one of another length.
[[nodiscard]] Result<std::uint64_t> parse_u64(BytesView payload);
struct VringState {
    std::uint32_t index;
    std::uint32_t number;
};
[[nodiscard]] Result<VringState> parse_vring_state(BytesView payload);
struct VringAddress {
    std::uint32_t index, flags;
    std::uint64_t descriptors, used, available, log;
};
[[nodiscard]] Result<VringAddress> parse_vring_address(BytesView payload);
[[nodiscard]] Result<std::vector<GuestMemory::Region>> parse_memory_table(BytesView payload);
// The part of the device's configuration that is asked for. The payload has as many bytes after it
// as the answer.
struct ConfigRequest {
    std::uint32_t offset, size, flags;
};
[[nodiscard]] Result<ConfigRequest> parse_config_request(BytesView payload);

// A reply to a request: header and payload.
[[nodiscard]] Bytes make_reply(Request request, BytesView payload);

// Assembles messages from a non-blocking socket.
class MessageReader {
  public:
    enum class State { waiting, closed };
    struct Outcome {
        std::optional<Message> message;
        State state = State::waiting;  // meaningful without a message
    };
    // The next whole message, or `waiting` if there is none yet, or `closed` if the peer has
    // closed. After an error the reader is of no use.
    [[nodiscard]] Result<Outcome> read(int socket);

  private:
    std::array<std::uint8_t, message_header_size> header_{};
    std::size_t header_bytes_ = 0;
    std::optional<MessageHeader> parsed_;
    Bytes payload_;
    std::size_t payload_bytes_ = 0;
    std::vector<UniqueFd> files_;
};

}  // namespace glovebox::vsock_switch
