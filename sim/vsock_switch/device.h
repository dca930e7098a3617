// SPDX-License-Identifier: Apache-2.0

// The vsock device of one guest: the session with its QEMU, and its two rings.
//
// A virtual machine's vsock device is usually emulated by the host's kernel (vhost-vsock). With
// vhost-user, QEMU leaves that to another process, this one. QEMU connects, asks for the features
// of the device and its CID, and, once the guest's driver is ready, sends the guest's memory as
// files, the places of the rings in it, and an eventfd for each direction: by a kick the driver
// reports that it has put something into a ring, by a call the device reports the same to the
// driver. A vsock device's third ring, for events, stays with QEMU.
//
// An error ends the session: the guest is disconnected, and other guests see resets only.
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
    // `socket` is a connected, non-blocking Unix stream socket with a QEMU at its other end. The
    // switchboard outlives the device.
    Device(Cid cid, UniqueFd socket, Switchboard& switchboard)
        : cid_(cid), socket_(std::move(socket)), switchboard_(switchboard) {}
    // Detaches the guest from the switchboard.
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    // Appends the descriptors to wait for: the socket, and the kicks of running rings.
    void append_descriptors(std::vector<int>& to) const;
    // Reads and answers the messages that have arrived. False if QEMU has closed the connection.
    [[nodiscard]] Result<bool> read_messages();
    // Empties the kicks.
    void read_kicks();

    // Moves at most `budget` packets in each direction: from the guest's ring to the switchboard
    // while that accepts them, and from the guest's outbox to its ring while that has buffers.
    // Returns how many it moved.
    [[nodiscard]] Result<std::size_t> exchange(std::size_t budget);

    [[nodiscard]] Cid cid() const { return cid_; }
    // The number of packets that the guest has received in this session.
    [[nodiscard]] std::uint64_t delivered() const { return delivered_; }

  private:
    static constexpr std::size_t receive = 0;   // the guest's receive ring: the device writes
    static constexpr std::size_t transmit = 1;  // its transmit ring: the device reads

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
