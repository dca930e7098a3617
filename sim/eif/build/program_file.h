// SPDX-License-Identifier: Apache-2.0

// What a kernel or a program is, by its first bytes.
#pragma once

#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "sim/eif/format/header.h"

namespace glovebox::eif {

// By an ELF header; nothing for other files and other processors.
[[nodiscard]] std::optional<Architecture> elf_architecture(BytesView start);

struct KernelFile {
    // Of a bzImage or an aarch64 Image; nothing for what no enclave can boot.
    std::optional<Architecture> architecture;
    std::string version;  // "4.14.256", or "unknown"
};
[[nodiscard]] KernelFile inspect_kernel(BytesView kernel);

}  // namespace glovebox::eif
