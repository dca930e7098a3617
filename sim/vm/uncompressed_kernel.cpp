// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/uncompressed_kernel.h"

#include <elf.h>

#include <cstring>
#include <system_error>

#include "core/base/file_bytes.h"
#include "core/base/output_file.h"
#include "sim/vm/unpacked.h"

namespace glovebox::vm {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t image_bytes_max = std::size_t{64} << 20;

// The header of a bzImage.
constexpr std::size_t setup_sectors_at = 0x1f1;
constexpr std::size_t sector_bytes = 512;
constexpr std::size_t magic_at = 0x202;
constexpr std::string_view magic = "HdrS";
constexpr std::size_t payload_offset_at = 0x248;
constexpr std::size_t payload_size_at = 0x24c;
// Behind the payload stands its unpacked size, which is part of it for gzip alone.
constexpr std::size_t unpacked_size_bytes = 4;

// Xen's note with the physical address of the 32-bit entry (xen/include/public/elfnote.h).
constexpr std::uint32_t note_pvh_entry = 18;
// The zero behind it counts.
constexpr std::string_view note_owner("Xen", 4);  // NOLINT(bugprone-string-constructor)

template <class Value>
std::optional<Value> value_at(BytesView bytes, std::size_t at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(Value))
        return std::nullopt;
    Value value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

std::optional<BytesView> part_of(BytesView bytes, std::uint64_t at, std::uint64_t size) {
    if (at > bytes.size() || size > bytes.size() - at)
        return std::nullopt;
    return bytes.subspan(at, size);
}

std::size_t aligned(std::size_t size) {
    return (size + 3) & ~std::size_t{3};
}

bool has_entry_note(BytesView notes) {
    while (const auto header = value_at<Elf64_Nhdr>(notes, 0)) {
        const auto owner = part_of(notes, sizeof *header, header->n_namesz);
        const std::size_t size =
            sizeof *header + aligned(header->n_namesz) + aligned(header->n_descsz);
        if (!owner || size > notes.size())
            return false;
        if (header->n_type == note_pvh_entry && as_text(*owner) == note_owner)
            return true;
        notes = notes.subspan(size);
    }
    return false;
}

bool can_be_entered(BytesView elf) {
    const auto header = value_at<Elf64_Ehdr>(elf, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    for (std::size_t i = 0; i < header->e_phnum; ++i) {
        const auto segment = value_at<Elf64_Phdr>(elf, header->e_phoff + i * sizeof(Elf64_Phdr));
        if (!segment || segment->p_type != PT_NOTE)
            continue;
        const auto notes = part_of(elf, segment->p_offset, segment->p_filesz);
        if (notes && has_entry_note(*notes))
            return true;
    }
    return false;
}

std::optional<BytesView> payload_of(BytesView image) {
    const auto name = part_of(image, magic_at, magic.size());
    const auto sectors = value_at<std::uint8_t>(image, setup_sectors_at);
    const auto offset = value_at<std::uint32_t>(image, payload_offset_at);
    const auto size = value_at<std::uint32_t>(image, payload_size_at);
    if (!name || as_text(*name) != magic || !sectors || !offset || !size)
        return std::nullopt;
    return part_of(image, (*sectors + 1) * sector_bytes + std::uint64_t{*offset}, *size);
}

}  // namespace

std::optional<Bytes> uncompressed_kernel(BytesView image) {
    auto payload = payload_of(image);
    if (!payload || payload->size() <= unpacked_size_bytes)
        return std::nullopt;
    if (eif::compression_of(*payload) != eif::Compression::gzip)
        payload = payload->first(payload->size() - unpacked_size_bytes);
    auto elf = unpacked(*payload, eif::compression_of(*payload));
    if (!elf || !can_be_entered(*elf))
        return std::nullopt;
    return std::move(*elf);
}

Result<void> keep_uncompressed_kernel(const fs::path& image) {
    constexpr std::string_view compressed_name = "vmlinuz-";
    const std::string name = image.filename();
    if (!name.starts_with(compressed_name))
        return {};
    const fs::path kept = image.parent_path() / ("vmlinux-" + name.substr(compressed_name.size()));
    std::error_code failure;
    if (fs::exists(kept, failure))
        return {};
    const auto bytes = read_file_bytes(image, image_bytes_max);
    if (!bytes)
        return bytes.error();
    const auto elf = uncompressed_kernel(*bytes);
    if (!elf)
        return {};
    if (auto written = write_output(kept, *elf); !written)
        return Error(written.error()).in("cannot keep a kernel");
    return {};
}

}  // namespace glovebox::vm
