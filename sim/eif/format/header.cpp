// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/header.h"

#include <algorithm>

#include "sim/eif/base/big_endian.h"

namespace glovebox::eif {

std::string_view to_string(SectionType type) {
    switch (type) {
        case SectionType::kernel:
            return "kernel";
        case SectionType::cmdline:
            return "cmdline";
        case SectionType::ramdisk:
            return "ramdisk";
        case SectionType::signature:
            return "signature";
        case SectionType::metadata:
            return "metadata";
    }
    return "unknown";
}

std::string_view to_string(Architecture architecture) {
    return architecture == Architecture::x86_64 ? "x86_64" : "aarch64";
}

namespace {

constexpr std::size_t offsets_at = 0x1c;
constexpr std::size_t sizes_at = 0x11c;

}  // namespace

std::array<std::uint8_t, header_size> Header::encode() const {
    std::array<std::uint8_t, header_size> bytes{};
    std::copy(magic.begin(), magic.end(), bytes.begin());
    store_be(&bytes[4], version);
    store_be(&bytes[6], flags);
    store_be(&bytes[8], default_mem);
    store_be(&bytes[0x10], default_cpus);
    store_be(&bytes[0x18], reserved);
    store_be(&bytes[0x1a], num_sections);
    for (std::size_t i = 0; i < section_slots; ++i) {
        store_be(&bytes[offsets_at + 8 * i], section_offsets[i]);
        store_be(&bytes[sizes_at + 8 * i], section_sizes[i]);
    }
    store_be(&bytes[0x21c], unused);
    store_be(&bytes[crc_offset], crc32);
    return bytes;
}

Header Header::decode(BytesView bytes) {
    Header header;
    std::copy_n(bytes.begin(), header.magic.size(), header.magic.begin());
    header.version = load_be<std::uint16_t>(&bytes[4]);
    header.flags = load_be<std::uint16_t>(&bytes[6]);
    header.default_mem = load_be<std::uint64_t>(&bytes[8]);
    header.default_cpus = load_be<std::uint64_t>(&bytes[0x10]);
    header.reserved = load_be<std::uint16_t>(&bytes[0x18]);
    header.num_sections = load_be<std::uint16_t>(&bytes[0x1a]);
    for (std::size_t i = 0; i < section_slots; ++i) {
        header.section_offsets[i] = load_be<std::uint64_t>(&bytes[offsets_at + 8 * i]);
        header.section_sizes[i] = load_be<std::uint64_t>(&bytes[sizes_at + 8 * i]);
    }
    header.unused = load_be<std::uint32_t>(&bytes[0x21c]);
    header.crc32 = load_be<std::uint32_t>(&bytes[crc_offset]);
    return header;
}

std::array<std::uint8_t, section_header_size> SectionHeader::encode() const {
    std::array<std::uint8_t, section_header_size> bytes{};
    store_be(bytes.data(), type);
    store_be(&bytes[2], flags);
    store_be(&bytes[4], size);
    return bytes;
}

SectionHeader SectionHeader::decode(BytesView bytes) {
    return {.type = load_be<std::uint16_t>(bytes.data()),
            .flags = load_be<std::uint16_t>(&bytes[2]),
            .size = load_be<std::uint64_t>(&bytes[4])};
}

}  // namespace glovebox::eif
