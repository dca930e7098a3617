// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/program_file.h"

#include <algorithm>

namespace glovebox::eif {
namespace {

std::uint16_t load_le16(BytesView bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

bool stands_at(BytesView bytes, std::size_t at, std::string_view text) {
    return bytes.size() >= at + text.size() && as_text(bytes.subspan(at, text.size())) == text;
}

// Up to the first blank: "4.14.256 (builder@host) #1 SMP ..." -> "4.14.256".
std::string version_at(BytesView bytes, std::size_t at) {
    constexpr std::size_t version_max = 64;
    std::string version;
    for (; at < bytes.size() && version.size() < version_max; ++at) {
        const auto c = static_cast<char>(bytes[at]);
        if (c <= ' ' || c > '~')
            break;
        version += c;
    }
    return version.empty() ? "unknown" : version;
}

}  // namespace

std::optional<Architecture> elf_architecture(BytesView start) {
    constexpr std::size_t machine_at = 18;
    constexpr std::uint16_t machine_x86_64 = 62;
    constexpr std::uint16_t machine_aarch64 = 183;
    constexpr std::uint8_t little_endian = 1;
    if (!stands_at(start, 0,
                   "\x7f"
                   "ELF") ||
        start.size() < machine_at + 2 || start[5] != little_endian)
        return std::nullopt;
    switch (load_le16(start, machine_at)) {
        case machine_x86_64:
            return Architecture::x86_64;
        case machine_aarch64:
            return Architecture::aarch64;
        default:
            return std::nullopt;
    }
}

KernelFile inspect_kernel(BytesView kernel) {
    // Linux Documentation/arch/x86/boot.rst: the setup header's magic, and the offset, less 0x200,
    // of the version's text.
    constexpr std::size_t setup_magic_at = 0x202;
    constexpr std::size_t version_pointer_at = 0x20e;
    if (stands_at(kernel, setup_magic_at, "HdrS") && kernel.size() > version_pointer_at + 2) {
        const std::uint16_t pointer = load_le16(kernel, version_pointer_at);
        return {Architecture::x86_64,
                pointer == 0 ? "unknown" : version_at(kernel, std::size_t{pointer} + 0x200)};
    }
    // Documentation/arch/arm64/booting.rst: magic at byte 56. The version stands in the banner.
    constexpr std::size_t image_magic_at = 56;
    if (stands_at(kernel, image_magic_at, "ARM\x64")) {
        const std::string_view text = as_text(kernel);
        constexpr std::string_view banner = "Linux version ";
        const std::size_t at = text.find(banner);
        return {Architecture::aarch64,
                at == std::string_view::npos ? "unknown" : version_at(kernel, at + banner.size())};
    }
    return {std::nullopt, "unknown"};
}

}  // namespace glovebox::eif
