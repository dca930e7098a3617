// SPDX-License-Identifier: Apache-2.0

// One split virtqueue (virtio 1.2, section 2.7), from the device's side.
//
// A virtqueue is how a guest's driver and a device exchange buffers through shared memory. The
// driver describes buffers by descriptors, links them to chains, and offers the first descriptor of
// a chain in the available ring. The device reads or fills the buffers and returns the chain in the
// used ring:
//
//   descriptors  [size] of {u64 address, u32 length, u16 flags, u16 next}
//   available    {u16 flags, u16 index, u16 ring[size]}
//   used         {u16 flags, u16 index, {u32 head, u32 written} ring[size]}
//
// An index counts all entries so far, modulo 2^16; entry i is at ring[i % size]. Everything is in
// the guest's memory, and the guest may write to it at any time, so each value is copied once and
// the copy is checked. The device offers neither indirect descriptors nor event indices, and
// refuses a chain that has one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "sim/vsock_switch/guest_memory.h"

namespace glovebox::vsock_switch {

// The buffers of one chain: those that the driver has filled, then those that the device may write.
struct Chain {
    std::uint16_t head;
    std::vector<MemorySpan> readable;
    std::vector<MemorySpan> writable;
};

[[nodiscard]] std::size_t total_size(std::span<const MemorySpan> buffers);
// Copies between scattered buffers, from `offset` on, and contiguous bytes. Returns the number of
// bytes that fitted.
std::size_t copy_from(std::span<const MemorySpan> buffers, std::size_t offset,
                      std::span<std::uint8_t> to);
std::size_t copy_to(std::span<const MemorySpan> buffers, std::size_t offset,
                    std::span<const std::uint8_t> from);

class Virtqueue {
  public:
    // QEMU's vsock device has 128; virtio allows 32768.
    static constexpr std::uint32_t max_size = 1024;

    // The three parts, by addresses in QEMU.
    struct Addresses {
        std::uint64_t descriptors, used, available;
    };

    // Opens a queue. An error if the size is not a power of two up to max_size, or a part is not
    // aligned or not wholly in the guest's memory. `memory` outlives the queue; `base` is the index
    // of the first entry of the available ring that was not taken yet.
    [[nodiscard]] static Result<Virtqueue> open(const GuestMemory& memory, std::uint32_t size,
                                                const Addresses& addresses, std::uint16_t base);

    // The next chain on offer, which stays on offer; empty if there is none. An error means that
    // the ring is inconsistent and unusable.
    [[nodiscard]] Result<std::optional<Chain>> next() const;
    // Returns the chain of next() to the driver, with `written` bytes in its writable buffers.
    void finish(std::uint16_t head, std::uint32_t written);
    // Whether the driver wants to be notified of returned chains.
    [[nodiscard]] bool wants_notification() const;

    // The index of the next entry to take: the `base` of a later open().
    [[nodiscard]] std::uint16_t base() const { return taken_; }

  private:
    Virtqueue() = default;

    const GuestMemory* memory_ = nullptr;
    std::uint16_t size_ = 0;
    MemorySpan descriptors_, used_, available_;
    std::uint16_t taken_ = 0;     // of the available ring, counted modulo 2^16 like its index
    std::uint16_t finished_ = 0;  // of the used ring
};

}  // namespace glovebox::vsock_switch
