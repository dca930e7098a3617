// SPDX-License-Identifier: Apache-2.0

// The file header of an enclave image file (EIF), and the header of each section.
//
// An EIF is everything that an enclave boots from: a Linux kernel, its command line, two or more
// ramdisks, metadata, and optionally a signature. Each of these is a section. The file begins with
// a header of 548 bytes, whose table says where the sections are; each section begins with a header
// of its own, of 12 bytes. All integers are big endian.
//
//   0x000   4  magic ".eif"
//   0x004   2  version           builders write 4 today; 2 to 4 exist
//   0x006   2  flags             bit 0: 0 = x86_64, 1 = aarch64
//   0x008   8  default_mem       bytes, 1 GiB by convention; ignored at run time
//   0x010   8  default_cpus      2 by convention; ignored at run time
//   0x018   2  reserved
//   0x01a   2  num_sections      at most 32
//   0x01c 256  section_offsets   u64[32], of the 12-byte section headers in the file
//   0x11c 256  section_sizes     u64[32], of the data behind them, in bytes
//   0x21c   4  unused
//   0x220   4  crc32             of the whole file except these four bytes
//   0x224      the sections, one after the other:
//                type u16 (SectionType), flags u16 (0), size u64, then `size` bytes of data
//
// The kernel and the ramdisks decide what runs, and their hashes are the PCRs (measurement.h).
// Source: the README of AWS's aws-nitro-enclaves-image-format.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox::eif {

inline constexpr std::size_t header_size = 548;
inline constexpr std::size_t crc_offset = 0x220;
inline constexpr std::size_t section_header_size = 12;
inline constexpr std::size_t section_slots = 32;
inline constexpr std::array<std::uint8_t, 4> magic{'.', 'e', 'i', 'f'};

inline constexpr std::uint16_t version_first = 2;      // 0 and 1 were never public
inline constexpr std::uint16_t version_signature = 3;  // the first that has a signature section
inline constexpr std::uint16_t version_metadata = 4;   // the first that has, and needs, metadata
inline constexpr std::uint16_t version_last = 4;

// The hypervisor's limit for the data of a signature section, in bytes.
inline constexpr std::uint64_t signature_size_max = 32768;

enum class SectionType : std::uint16_t {
    kernel = 1,
    cmdline = 2,
    ramdisk = 3,
    signature = 4,
    metadata = 5
};
[[nodiscard]] constexpr bool is_section_type(std::uint16_t value) {
    return value >= 1 && value <= 5;
}
[[nodiscard]] std::string_view to_string(SectionType type);

enum class Architecture { x86_64, aarch64 };
[[nodiscard]] std::string_view to_string(Architecture architecture);

struct Header {
    std::array<std::uint8_t, 4> magic = eif::magic;
    std::uint16_t version = version_last;
    std::uint16_t flags = 0;
    std::uint64_t default_mem = 0x40000000;
    std::uint64_t default_cpus = 2;
    std::uint16_t reserved = 0;
    std::uint16_t num_sections = 0;
    std::array<std::uint64_t, section_slots> section_offsets{};
    std::array<std::uint64_t, section_slots> section_sizes{};
    std::uint32_t unused = 0;
    std::uint32_t crc32 = 0;

    [[nodiscard]] Architecture architecture() const {
        return (flags & 1) != 0 ? Architecture::aarch64 : Architecture::x86_64;
    }
    [[nodiscard]] std::array<std::uint8_t, header_size> encode() const;
    // Requires header_size bytes. Checks nothing: Image::parse does.
    [[nodiscard]] static Header decode(BytesView bytes);
};

struct SectionHeader {
    std::uint16_t type = 0;
    std::uint16_t flags = 0;
    std::uint64_t size = 0;

    [[nodiscard]] std::array<std::uint8_t, section_header_size> encode() const;
    // Requires section_header_size bytes.
    [[nodiscard]] static SectionHeader decode(BytesView bytes);
};

}  // namespace glovebox::eif
