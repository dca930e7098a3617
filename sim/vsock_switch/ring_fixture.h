// SPDX-License-Identifier: Apache-2.0

// For tests: a guest's memory with one ring in it, and the driver that writes into it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "sim/vsock_switch/virtqueue.h"

namespace glovebox::vsock_switch {

// A memfd of `size` bytes, sealed as QEMU's are.
inline UniqueFd sealed_memory(std::size_t size) {
    UniqueFd file(::memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    return file;
}

class Ring {
  public:
    static constexpr std::uint16_t size = 8;
    static constexpr std::uint64_t guest_base = 0x100000;
    static constexpr std::uint64_t user_base = 0x7f0000000000;
    static constexpr std::size_t memory_size = 0x10000;
    enum : std::uint16_t { none = 0, link = 1, write = 2, indirect = 4 };

    struct Descriptor {
        std::uint64_t address;
        std::uint32_t length;
        std::uint16_t flags;
        std::uint16_t next;
    };

    Ring() {
        const GuestMemory::Region region{guest_base, memory_size, user_base, 0};
        std::vector<UniqueFd> files;
        files.push_back(sealed_memory(memory_size));
        memory_ = GuestMemory::map({&region, 1}, files).value();
        reopen(0);
    }

    // Opens the queue with its counters at `base`, as after a migration.
    void reopen(std::uint16_t base) {
        available_index_ = base;
        set_available_index(base);
        std::memcpy(at(used_offset + 2), &base, sizeof base);
        queue_ = Virtqueue::open(memory_, size, addresses(), base).value();
    }

    Virtqueue& queue() { return *queue_; }
    const GuestMemory& memory() const { return memory_; }
    static Virtqueue::Addresses addresses() {
        return {user_base, user_base + used_offset, user_base + available_offset};
    }
    // The guest address of one of several buffers of 4 KiB.
    static std::uint64_t buffer(unsigned n) { return guest_base + 0x4000 + n * 0x1000; }
    std::uint8_t* bytes(std::uint64_t guest_address) { return at(guest_address - guest_base); }

    // Writes descriptors from the first on, and offers the first.
    void offer(const std::vector<Descriptor>& descriptors) {
        for (std::size_t i = 0; i < descriptors.size(); ++i)
            std::memcpy(at(i * sizeof(Descriptor)), &descriptors[i], sizeof(Descriptor));
        offer_head(0);
    }
    void offer_head(std::uint16_t head) {
        std::memcpy(at(available_offset + 4 + available_index_ % size * 2U), &head, sizeof head);
        set_available_index(++available_index_);
    }
    void set_available_index(std::uint16_t index) {
        std::memcpy(at(available_offset + 2), &index, sizeof index);
    }
    void set_available_flags(std::uint16_t flags) {
        std::memcpy(at(available_offset), &flags, sizeof flags);
    }
    std::uint16_t used_index() {
        std::uint16_t index;
        std::memcpy(&index, at(used_offset + 2), sizeof index);
        return index;
    }
    std::pair<std::uint32_t, std::uint32_t> used(unsigned n) {
        std::pair<std::uint32_t, std::uint32_t> entry;
        std::memcpy(&entry.first, at(used_offset + 4 + n * 8), 4);
        std::memcpy(&entry.second, at(used_offset + 8 + n * 8), 4);
        return entry;
    }

  private:
    static constexpr std::size_t available_offset = 0x1000;
    static constexpr std::size_t used_offset = 0x2000;

    std::uint8_t* at(std::uint64_t offset) {
        return memory_.find_user(user_base + offset, 1).data();
    }

    GuestMemory memory_;
    std::optional<Virtqueue> queue_;
    std::uint16_t available_index_ = 0;
};

}  // namespace glovebox::vsock_switch
