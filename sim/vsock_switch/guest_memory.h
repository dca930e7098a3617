// SPDX-License-Identifier: Apache-2.0

// A guest's memory as its QEMU shares it: parts of files, mapped into this process, and found by
// two kinds of address.
//
// Every address and length comes from the guest or its QEMU, and is checked against the mapped
// regions. The files have to be memfds that are sealed against shrinking (memory-backend-memfd
// makes them so); otherwise an access could end in SIGBUS.
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
        std::uint64_t guest_address;  // in the guest: the addresses in descriptors
        std::uint64_t size;
        std::uint64_t user_address;  // in QEMU: the addresses in its messages
        std::uint64_t file_offset;
    };

    GuestMemory() = default;
    // Maps each region from its file; there are as many files as regions. The error says which
    // region is refused, and why.
    [[nodiscard]] static Result<GuestMemory> map(std::span<const Region> regions,
                                                 std::span<const UniqueFd> files);
    GuestMemory(GuestMemory&& other) noexcept : regions_(std::move(other.regions_)) {
        other.regions_.clear();
    }
    GuestMemory& operator=(GuestMemory&& other) noexcept;
    ~GuestMemory();

    // Appends the spans that `length` bytes from a guest address on are mapped to: several if they
    // cross regions. False if one of the bytes is not the guest's memory.
    [[nodiscard]] bool find_guest(std::uint64_t address, std::uint64_t length,
                                  std::vector<MemorySpan>& found) const;
    // The span for an address in QEMU, within one region. Empty if the bytes are not in one.
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
