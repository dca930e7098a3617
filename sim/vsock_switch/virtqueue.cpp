// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/virtqueue.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

#include "sim/vsock_switch/malformed.h"

namespace glovebox::vsock_switch {

namespace {

struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16);

enum : std::uint16_t { flag_next = 1, flag_write = 2, flag_indirect = 4 };
enum : std::uint16_t { flag_no_interrupt = 1 };  // of the available ring

// Both rings begin with 16 bits of flags and 16 bits of index.
constexpr std::size_t index_offset = 2;
constexpr std::size_t ring_offset = 4;
constexpr std::size_t available_entry = 2;
constexpr std::size_t used_entry = 8;

// The guest's other processors may write these at the same time: one aligned atomic access each.
std::uint16_t load(MemorySpan part, std::size_t offset) {
    return std::atomic_ref(*reinterpret_cast<std::uint16_t*>(part.data() + offset))
        .load(std::memory_order_acquire);
}

bool aligned(MemorySpan part, std::size_t to) {
    return reinterpret_cast<std::uintptr_t>(part.data()) % to == 0;
}

// Walks over scattered buffers: `move` receives each piece of [offset, offset + length).
template <class Move>
std::size_t walk(std::span<const MemorySpan> buffers, std::size_t offset, std::size_t length,
                 Move move) {
    std::size_t done = 0;
    for (const MemorySpan buffer : buffers) {
        if (offset >= buffer.size()) {
            offset -= buffer.size();
            continue;
        }
        const std::size_t piece = std::min(buffer.size() - offset, length - done);
        move(buffer.data() + offset, done, piece);
        done += piece;
        offset = 0;
        if (done == length)
            break;
    }
    return done;
}

}  // namespace

std::size_t total_size(std::span<const MemorySpan> buffers) {
    std::size_t size = 0;
    for (const MemorySpan buffer : buffers)
        size += buffer.size();
    return size;
}

std::size_t copy_from(std::span<const MemorySpan> buffers, std::size_t offset,
                      std::span<std::uint8_t> to) {
    return walk(buffers, offset, to.size(),
                [&](const std::uint8_t* piece, std::size_t done, std::size_t size) {
                    std::copy_n(piece, size, to.begin() + static_cast<std::ptrdiff_t>(done));
                });
}

std::size_t copy_to(std::span<const MemorySpan> buffers, std::size_t offset,
                    std::span<const std::uint8_t> from) {
    return walk(buffers, offset, from.size(),
                [&](std::uint8_t* piece, std::size_t done, std::size_t size) {
                    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(done), size, piece);
                });
}

Result<Virtqueue> Virtqueue::open(const GuestMemory& memory, std::uint32_t size,
                                  const Addresses& addresses, std::uint16_t base) {
    if (!std::has_single_bit(size) || size > max_size)
        return malformed(fmt::format(
            "a ring of {} descriptors: a power of two up to {} was expected", size, max_size));
    Virtqueue queue;
    queue.memory_ = &memory;
    queue.size_ = static_cast<std::uint16_t>(size);
    queue.descriptors_ = memory.find_user(addresses.descriptors, size * sizeof(Descriptor));
    queue.available_ = memory.find_user(addresses.available, ring_offset + size * available_entry);
    queue.used_ = memory.find_user(addresses.used, ring_offset + size * used_entry);
    if (queue.descriptors_.empty() || queue.available_.empty() || queue.used_.empty())
        return malformed("a ring lies outside of the guest's memory");
    if (!aligned(queue.descriptors_, 16) || !aligned(queue.available_, 2) ||
        !aligned(queue.used_, 4))
        return malformed("a ring is not aligned");
    queue.taken_ = base;
    queue.finished_ = load(queue.used_, index_offset);
    return queue;
}

Result<std::optional<Chain>> Virtqueue::next() const {
    const std::uint16_t offered = load(available_, index_offset);
    const auto waiting = static_cast<std::uint16_t>(offered - taken_);
    if (waiting == 0)
        return std::optional<Chain>();
    if (waiting > size_)
        return malformed(
            fmt::format("{} chains on offer in a ring of {} descriptors", waiting, size_));

    Chain chain{};
    chain.head = load(available_, ring_offset + taken_ % size_ * available_entry);
    std::uint16_t index = chain.head;
    for (std::uint16_t links = 0;; ++links) {
        if (links == size_)
            return malformed("a chain of descriptors that goes round in a circle");
        if (index >= size_)
            return malformed(fmt::format("descriptor {} in a ring of {}", index, size_));
        Descriptor descriptor;
        std::memcpy(&descriptor, descriptors_.data() + index * sizeof descriptor,
                    sizeof descriptor);
        if (descriptor.flags & flag_indirect)
            return malformed("an indirect descriptor, which was not offered");
        const bool write = (descriptor.flags & flag_write) != 0;
        if (!write && !chain.writable.empty())
            return malformed("a readable descriptor after a writable one");
        if (!memory_->find_guest(descriptor.address, descriptor.length,
                                 write ? chain.writable : chain.readable))
            return malformed(fmt::format("a buffer of {} bytes at {:#x} is not the guest's memory",
                                         descriptor.length, descriptor.address));
        if (!(descriptor.flags & flag_next))
            return std::optional<Chain>(std::move(chain));
        index = descriptor.next;
    }
}

void Virtqueue::finish(std::uint16_t head, std::uint32_t written) {
    const std::uint32_t entry[2] = {head, written};
    std::memcpy(used_.data() + ring_offset + finished_ % size_ * used_entry, entry, sizeof entry);
    ++taken_;
    ++finished_;
    std::atomic_ref(*reinterpret_cast<std::uint16_t*>(used_.data() + index_offset))
        .store(finished_, std::memory_order_release);
}

bool Virtqueue::wants_notification() const {
    // Orders the write of the index before the read of the driver's flag.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return (load(available_, 0) & flag_no_interrupt) == 0;
}

}  // namespace glovebox::vsock_switch
