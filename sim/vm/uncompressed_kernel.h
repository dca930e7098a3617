// SPDX-License-Identifier: Apache-2.0

// The kernel that an x86 bzImage has in it, as an ELF file that QEMU starts without its loader:
// emulated, the loader takes 3 s to decompress it, and this machine less than one.
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace glovebox::vm {

// By the offsets in the header (Linux's Documentation/arch/x86/boot.rst). Nothing if the image is
// none of these, its compression is unknown here, or the kernel cannot be entered directly (it has
// no PVH note).
[[nodiscard]] std::optional<Bytes> uncompressed_kernel(BytesView image);

// Writes it beside the image, vmlinux-6.1.0-1 beside vmlinuz-6.1.0-1, at once or not at all, unless
// it is there. Errors: errno's, with the file. Where there is none to write, nothing happens.
[[nodiscard]] Result<void> keep_uncompressed_kernel(const std::filesystem::path& image);

}  // namespace glovebox::vm
