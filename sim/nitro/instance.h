// SPDX-License-Identifier: Apache-2.0

// What an instance has for enclaves: the driver, nitro-cli, the allocator's memory and CPUs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/finding.h"
#include "sim/nitro/nitro_cli.h"

namespace glovebox::nitro {

// `driver`, `sockets` and `logs` are the errno of an attempt, 0 if it worked.
struct Instance {
    std::string user;
    int driver = 0;                        // /dev/nitro_enclaves, opened
    std::optional<std::string> nitro_cli;  // its path
    bool nitro_cli_is_own = false;         // it is Glovebox's
    Result<std::string> version = std::string();
    int sockets = 0;  // nitro-cli's folders, for writing
    int logs = 0;
    Result<std::vector<RunningEnclave>> running = std::vector<RunningEnclave>();
    std::uint32_t cpus = 0;        // in the driver's pool
    bool has_two_threads = false;  // of a core, which enclaves get whole
    std::uint64_t memory_mib = 0;  // in huge pages
    std::uint64_t free_memory_mib = 0;
    // /etc/nitro_enclaves/allocator.yaml; empty where the file or the key is missing.
    std::optional<std::uint64_t> allocator_memory_mib;
    std::optional<std::uint32_t> allocator_cpus;  // the count, or the length of cpu_pool

    // Reads files below `root`, which is "/" but for tests, and asks nitro-cli.
    [[nodiscard]] static Instance look(const std::filesystem::path& root,
                                       const NitroCli& nitro_cli);
};

// GLOVEBOX_NITRO_ROOT, with which a test gives another driver and allocator; "/" without it.
[[nodiscard]] std::filesystem::path instance_root();

// How many numbers a list as "1,3-5" has, as the driver and the allocator write CPUs; nothing for
// another text.
[[nodiscard]] std::optional<std::uint32_t> count_cpus(std::string_view list);

struct EnclaveNeed {
    std::string label;
    std::uint32_t cid = 0;
    std::uint32_t cpu_count = 0;
    std::uint32_t memory_mib = 0;
    std::uint32_t memory_least_mib = 0;  // for its image
};

// What nitro-cli and the driver would refuse, in the order in which a person corrects it.
[[nodiscard]] std::vector<Finding> judge(const Instance& instance,
                                         const std::vector<EnclaveNeed>& enclaves);

}  // namespace glovebox::nitro
