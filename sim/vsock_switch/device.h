// SPDX-License-Identifier: Apache-2.0

// The vsock device of one guest: the session with its QEMU, and its two rings.
//
// QEMU connects, asks what the device can do and which CID it has, and, once the guest's driver is
// ready, sends the guest's memory, the rings' places in it and an eventfd for each direction: a
// kick says that the driver has put something into a ring, a call tells the driver that we have.
// The third ring of a vsock device, for events, stays with QEMU.
//
// Any error ends the session: the guest is cut off, and nobody else notices more than resets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/vsock_switch/guest_memory.h"
#include "sim/vsock_switch/switchboard.h"
#include "sim/vsock_switch/vhost_user_message.h"
#include "sim/vsock_switch/virtqueue.h"

namespace glovebox::vsock_switch {

class Device {
  public:
    // `socket` is a connected, non-blocking Unix stream socket with a QEMU at its other end.
    Device(Cid cid, UniqueFd socket, Switchboard& switchboard)
        : cid_(cid), socket_(std::move(socket)), switchboard_(switchboard) {}
    // The guest is gone with its device.
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    // What to wait for: the socket, and the kicks of rings that run.
    void append_descriptors(std::vector<int>& to) const;
    // Takes in the messages that have come. False when QEMU has gone.
    [[nodiscard]] Result<bool> read_messages();
    // Empties the kicks.
    void read_kicks();

    // Moves packets, at most `budget` in each direction: from the guest's ring to the switchboard
    // as long as that has room, and from the guest's outbox to its ring as long as that has
    // buffers. How many were moved.
    [[nodiscard]] Result<std::size_t> exchange(std::size_t budget);

    [[nodiscard]] Cid cid() const { return cid_; }
    // Packets that were given to the guest since its session began.
    [[nodiscard]] std::uint64_t delivered() const { return delivered_; }

  private:
    static constexpr std::size_t receive = 0;   // the guest's receive ring: we write
    static constexpr std::size_t transmit = 1;  // its transmit ring: we read

    struct Ring {
        std::uint32_t size = 0;
        Virtqueue::Addresses addresses{};
        std::uint16_t base = 0;
        bool enabled = false;
        UniqueFd kick, call;
        std::optional<Virtqueue> queue;  // while it runs
    };

    [[nodiscard]] Result<void> handle(Message message);
    [[nodiscard]] Result<std::optional<Bytes>> answer(Message& message);
    [[nodiscard]] Result<Ring*> ring_of(std::uint64_t index);
    [[nodiscard]] Result<void> set_event(Message& message, UniqueFd Ring::*event);
    [[nodiscard]] Result<void> set_memory(Message& message);
    [[nodiscard]] Bytes config_answer(const ConfigRequest& request) const;
    [[nodiscard]] Result<void> start_if_ready();
    void stop();
    [[nodiscard]] Result<std::size_t> take_from_guest(std::size_t budget);
    [[nodiscard]] Result<std::size_t> give_to_guest(std::size_t budget);
    static void notify(const Ring& ring);

    Cid cid_;
    UniqueFd socket_;
    Switchboard& switchboard_;
    MessageReader reader_;
    GuestMemory memory_;
    std::uint64_t features_ = 0;
    Ring rings_[2];
    bool attached_ = false;
    std::uint64_t delivered_ = 0;
};

}  // namespace glovebox::vsock_switch
