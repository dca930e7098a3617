// SPDX-License-Identifier: Apache-2.0

// Recognises kernels and programs by their first bytes.
#pragma once

#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "sim/eif/format/header.h"

namespace glovebox::eif {

// The architecture in an ELF header. Empty for other files and other processors.
[[nodiscard]] std::optional<Architecture> elf_architecture(BytesView start);

struct KernelFile {
    // Of a bzImage (Linux Documentation/arch/x86/boot.rst) or an aarch64 Image
    // (Documentation/arch/arm64/booting.rst). Empty for files that no enclave can boot.
    std::optional<Architecture> architecture;
    std::string version;  // "4.14.256", or "unknown"
};
[[nodiscard]] KernelFile inspect_kernel(BytesView kernel);

}  // namespace glovebox::eif
