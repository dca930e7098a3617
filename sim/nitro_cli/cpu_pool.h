// SPDX-License-Identifier: Apache-2.0

// The CPUs that are set aside for enclaves, and which of them one gets.
//
// On an instance the allocator's service takes them from Linux and the driver lists them in
// ne_cpus. Here nothing is taken from anybody: a pool is numbers, 1 to 16 or what GLOVEBOX_CPU_POOL
// says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

inline constexpr std::string_view default_cpu_pool = "1-16";

// "2,3,6-9" in the kernel's notation, sorted and each once. E23 for what is not a number, E24 for
// what is not a range.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);

// What the caller asked for: ids, or a count of them.
struct CpuWish {
    std::vector<std::uint32_t> ids = {};
    std::optional<std::uint32_t> count = {};
    // Two threads a core (every x86_64 instance that isn't told otherwise): a core goes to one
    // enclave as a whole.
    bool whole_cores = false;
};

// nitro-cli's rules (E20 to E22), then the driver's (E29): no CPU of another enclave's, one at
// least, whole cores.
[[nodiscard]] Result<std::vector<std::uint32_t>> choose_cpus(
    const CpuWish& wish, const std::vector<std::uint32_t>& pool,
    const std::vector<std::uint32_t>& in_use);

}  // namespace glovebox::nitro_cli
