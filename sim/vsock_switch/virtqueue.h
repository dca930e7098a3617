// SPDX-License-Identifier: Apache-2.0

// One split virtqueue (virtio 1.2, section 2.7), from the device's side.
//
// The guest's driver writes descriptors and offers chains of them in the available ring; the device
// fills or reads their buffers and gives the chains back in the used ring:
//
//   descriptors  [size] of {u64 address, u32 length, u16 flags, u16 next}
//   available    {u16 flags, u16 index, u16 ring[size]}
//   used         {u16 flags, u16 index, {u32 head, u32 written} ring[size]}
//
// All of it lies in the guest's memory, and the guest may write anything there at any time: each
// value is copied once and the copy is checked. Neither indirect descriptors nor event indices are
// offered to the driver, so a chain that has one is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "sim/vsock_switch/guest_memory.h"

namespace glovebox::vsock_switch {

// The buffers of one chain: first what the driver wrote for us, then what we may write.
struct Chain {
    std::uint16_t head;
    std::vector<MemorySpan> readable;
    std::vector<MemorySpan> writable;
};

[[nodiscard]] std::size_t total_size(std::span<const MemorySpan> buffers);
// Copies between scattered buffers and `bytes`, from `offset` on in the buffers. Returns how many
// bytes fitted.
std::size_t copy_from(std::span<const MemorySpan> buffers, std::size_t offset,
                      std::span<std::uint8_t> to);
std::size_t copy_to(std::span<const MemorySpan> buffers, std::size_t offset,
                    std::span<const std::uint8_t> from);

class Virtqueue {
  public:
    // QEMU's vsock device has 128; virtio allows 32768.
    static constexpr std::uint32_t max_size = 1024;

    // Where QEMU says that the three parts are, by addresses of its own.
    struct Addresses {
        std::uint64_t descriptors, used, available;
    };

    // Refuses a size that is not a power of two, parts that are not wholly the guest's memory, and
    // parts that are not aligned. `memory` must outlive the queue; `base` is the first index of the
    // available ring that wasn't taken yet.
    [[nodiscard]] static Result<Virtqueue> open(const GuestMemory& memory, std::uint32_t size,
                                                const Addresses& addresses, std::uint16_t base);

    // The next chain on offer, which stays on offer; nothing when there is none. An error means
    // that the ring makes no sense and can't be used any more.
    [[nodiscard]] Result<std::optional<Chain>> next() const;
    // Takes the chain that next() gave and gives it back with `written` bytes in it.
    void finish(std::uint16_t head, std::uint32_t written);
    // Whether the driver wants to hear of what was finished.
    [[nodiscard]] bool wants_notification() const;

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
