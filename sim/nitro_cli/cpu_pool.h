// SPDX-License-Identifier: Apache-2.0

// The pool of CPUs for enclaves, and the choice of an enclave's CPUs from it.
//
// On an instance, the allocator service takes them from Linux, and the driver lists them in
// ne_cpus. Here a pool is only a set of numbers, 1 to 16 or those in GLOVEBOX_CPU_POOL; nothing is
// reserved.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

inline constexpr std::string_view default_cpu_pool = "1-16";

// Reads the kernel's notation, "2,3,6-9". Returns the numbers sorted, each once. E23 for an item
// that is not a number, E24 for one that is not a range.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);

// The caller's request: CPU numbers, or a count of CPUs.
struct CpuWish {
    std::vector<std::uint32_t> ids = {};
    std::optional<std::uint32_t> count = {};
    // A core goes to an enclave as a whole. So it is with two threads a core, the default of x86_64
    // instances.
    bool whole_cores = false;
};

// Checks nitro-cli's rules (E20 to E22), then the driver's (E29): no CPU of another enclave, at
// least one CPU, whole cores. `in_use` are the CPUs of running enclaves.
[[nodiscard]] Result<std::vector<std::uint32_t>> choose_cpus(
    const CpuWish& wish, const std::vector<std::uint32_t>& pool,
    const std::vector<std::uint32_t>& in_use);

}  // namespace glovebox::nitro_cli
