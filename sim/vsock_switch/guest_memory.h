// SPDX-License-Identifier: Apache-2.0

// A guest's memory as its QEMU shares it: pieces of files, mapped here, found by two kinds of
// address.
//
// Every address and length comes from the guest or its QEMU and is checked against what is mapped.
// The files must be memfds sealed against shrinking (memory-backend-memfd does that), so that no
// access here can end in SIGBUS.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::vsock_switch {

using MemorySpan = std::span<std::uint8_t>;

class GuestMemory {
  public:
    // One region of VHOST_USER_SET_MEM_TABLE, in the order of its fields.
    struct Region {
        std::uint64_t guest_address;  // as descriptors in rings have it
        std::uint64_t size;
        std::uint64_t user_address;  // as QEMU's messages have it
        std::uint64_t file_offset;
    };

    GuestMemory() = default;
    // Maps each region of its file. Throws nothing; an error says which region and why.
    [[nodiscard]] static Result<GuestMemory> map(std::span<const Region> regions,
                                                 std::span<const UniqueFd> files);
    GuestMemory(GuestMemory&& other) noexcept : regions_(std::move(other.regions_)) {
        other.regions_.clear();
    }
    GuestMemory& operator=(GuestMemory&& other) noexcept;
    ~GuestMemory();

    // Appends where `length` bytes from a guest address on are mapped: several spans where they
    // cross regions. False when any byte is not the guest's.
    [[nodiscard]] bool find_guest(std::uint64_t address, std::uint64_t length,
                                  std::vector<MemorySpan>& found) const;
    // The same for an address of QEMU's, within one region. Empty when it is nobody's.
    [[nodiscard]] MemorySpan find_user(std::uint64_t address, std::uint64_t length) const;

  private:
    struct Mapped {
        Region region;
        std::uint8_t* mapping;  // the file from its start
        std::size_t mapped_size;
        [[nodiscard]] std::uint8_t* bytes() const { return mapping + region.file_offset; }
    };

    std::vector<Mapped> regions_;
};

}  // namespace glovebox::vsock_switch
