// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/uncompressed_kernel.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#include "core/base/file_bytes.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox::vm {
namespace {

namespace fs = std::filesystem;

template <class Value>
void put(Bytes& bytes, std::size_t at, const Value& value) {
    bytes.resize(std::max(bytes.size(), at + sizeof value));
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

// An ELF file with one note.
Bytes elf_with_note(std::uint32_t type) {
    Bytes elf;
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_phoff = sizeof header;
    header.e_phnum = 1;
    Elf64_Phdr segment{};
    segment.p_type = PT_NOTE;
    segment.p_offset = sizeof header + sizeof segment;
    const Elf64_Nhdr note{4, 4, type};
    segment.p_filesz = sizeof note + 8;
    put(elf, 0, header);
    put(elf, header.e_phoff, segment);
    put(elf, segment.p_offset, note);
    put(elf, segment.p_offset + sizeof note, std::array<char, 8>{'X', 'e', 'n', '\0', 1, 2, 3, 4});
    return elf;
}

// A bzImage of one setup sector, with the kernel 100 bytes into its second part, as it is, and its
// size behind it.
Bytes image_of(const Bytes& elf) {
    constexpr std::uint32_t offset = 100;
    Bytes payload = elf;
    put(payload, elf.size(), static_cast<std::uint32_t>(elf.size()));
    Bytes image;
    put(image, 0x1f1, std::uint8_t{1});
    put(image, 0x202, std::array<char, 4>{'H', 'd', 'r', 'S'});
    put(image, 0x248, offset);
    put(image, 0x24c, static_cast<std::uint32_t>(payload.size()));
    image.resize(2 * 512 + offset);
    image.insert(image.end(), payload.begin(), payload.end());
    image.insert(image.end(), 50, 0xff);
    return image;
}

TEST(UncompressedKernel, IsWhatTheHeaderOfAnImagePointsTo) {
    const Bytes elf = elf_with_note(18);
    EXPECT_EQ(uncompressed_kernel(image_of(elf)), elf);
}

TEST(UncompressedKernel, NeedsTheEntryThatQemuUses) {
    EXPECT_FALSE(uncompressed_kernel(image_of(elf_with_note(17))));
    EXPECT_FALSE(uncompressed_kernel(image_of(Bytes(100, 'x'))));
}

TEST(UncompressedKernel, OfAnotherOrABrokenImageIsNone) {
    EXPECT_FALSE(uncompressed_kernel(Bytes(2000, 0)));
    Bytes image = image_of(elf_with_note(18));
    for (std::size_t size = 0; size < image.size() - 50; ++size)
        EXPECT_FALSE(uncompressed_kernel(BytesView(image).first(size))) << size;
    put(image, 0x24c, std::uint32_t{0xffffffff});
    EXPECT_FALSE(uncompressed_kernel(image));
    put(image, 0x248, std::uint32_t{0xffffffff});
    EXPECT_FALSE(uncompressed_kernel(image));
}

TEST(UncompressedKernel, IsKeptBesideTheImageOnce) {
    const TemporaryDirectory boot;
    const fs::path image = boot / "vmlinuz-6.1.0-1";
    const fs::path kept = boot / "vmlinux-6.1.0-1";
    const Bytes elf = elf_with_note(18);
    const Bytes bytes = image_of(elf);
    std::ofstream(image).write(reinterpret_cast<const char*>(bytes.data()),
                               static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(keep_uncompressed_kernel(image));
    EXPECT_EQ(read_file_bytes(kept, 1 << 20).value(), elf);
    std::ofstream(kept) << "kept";
    ASSERT_TRUE(keep_uncompressed_kernel(image));
    EXPECT_EQ(as_text(read_file_bytes(kept, 1 << 20).value()), "kept");
    EXPECT_EQ(std::distance(fs::directory_iterator(boot.path()), fs::directory_iterator()), 2);
}

}  // namespace
}  // namespace glovebox::vm
