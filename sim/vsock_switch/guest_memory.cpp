// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/guest_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "sim/vsock_switch/malformed.h"

namespace glovebox::vsock_switch {

namespace {

// The reason why a file cannot be mapped for a region; empty if it can.
std::string objection(const GuestMemory::Region& region, int file) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    if (region.size == 0 || region.size > most || region.file_offset > most - region.size)
        return "its size is impossible";
    if (region.guest_address > std::numeric_limits<std::uint64_t>::max() - region.size ||
        region.user_address > std::numeric_limits<std::uint64_t>::max() - region.size)
        return "it wraps around the address space";
    struct stat found {};
    if (::fstat(file, &found) != 0 || found.st_size < 0 ||
        static_cast<std::uint64_t>(found.st_size) < region.file_offset + region.size)
        return "it is longer than its file";
    const int seals = ::fcntl(file, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0)
        return "its file may shrink: memory-backend-memfd,share=on was expected";
    return {};
}

}  // namespace

Result<GuestMemory> GuestMemory::map(std::span<const Region> regions,
                                     std::span<const UniqueFd> files) {
    if (regions.size() != files.size())
        return malformed(
            fmt::format("{} memory regions came with {} files", regions.size(), files.size()));
    GuestMemory memory;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        const Region& region = regions[i];
        if (const std::string why = objection(region, files[i].get()); !why.empty())
            return malformed(fmt::format("memory region {} is refused: {}", i, why));
        // From the file's start, since the offset may not be a multiple of the page size.
        const std::size_t size = region.file_offset + region.size;
        void* mapping = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                               files[i].get(), 0);
        if (mapping == MAP_FAILED)
            return errno_error(fmt::format("mapping memory region {}", i), errno);
        memory.regions_.push_back({region, static_cast<std::uint8_t*>(mapping), size});
    }
    return memory;
}

GuestMemory& GuestMemory::operator=(GuestMemory&& other) noexcept {
    std::swap(regions_, other.regions_);
    return *this;
}

GuestMemory::~GuestMemory() {
    for (const Mapped& mapped : regions_)
        ::munmap(mapped.mapping, mapped.mapped_size);
}

bool GuestMemory::find_guest(std::uint64_t address, std::uint64_t length,
                             std::vector<MemorySpan>& found) const {
    while (length > 0) {
        const auto holder = std::ranges::find_if(regions_, [&](const Mapped& mapped) {
            return address >= mapped.region.guest_address &&
                   address - mapped.region.guest_address < mapped.region.size;
        });
        if (holder == regions_.end())
            return false;
        const std::uint64_t offset = address - holder->region.guest_address;
        const std::uint64_t piece = std::min(length, holder->region.size - offset);
        found.emplace_back(holder->bytes() + offset, piece);
        address += piece;  // stays below 2^64: map() refuses a region that wraps
        length -= piece;
    }
    return true;
}

MemorySpan GuestMemory::find_user(std::uint64_t address, std::uint64_t length) const {
    for (const Mapped& mapped : regions_) {
        if (address < mapped.region.user_address)
            continue;
        const std::uint64_t offset = address - mapped.region.user_address;
        if (offset < mapped.region.size && length <= mapped.region.size - offset)
            return {mapped.bytes() + offset, length};
    }
    return {};
}

}  // namespace glovebox::vsock_switch
