// SPDX-License-Identifier: Apache-2.0

// What run-enclave is asked for, from the command line or from a --config file, and the rules that
// nitro-cli checks before it starts anything.
//
// Numbers come as text: a wrong one is an error of nitro-cli's own (E03) and no usage error.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

struct RunArguments {
    std::string eif_path;
    std::uint64_t memory_mib = 0;
    // Exactly one of the two.
    std::optional<std::uint32_t> cpu_count;
    std::vector<std::uint32_t> cpu_ids;
    std::optional<std::uint64_t> enclave_cid;  // none or 0: the next free one
    std::optional<std::string> enclave_name;
    bool debug_mode = false;
    bool attach_console = false;
};

// As they stand on the command line; empty or absent where they were not given.
struct RunFlags {
    std::string cpu_count;
    std::vector<std::string> cpu_ids;
    std::string memory;
    std::string eif_path;
    std::string enclave_cid;
    std::optional<std::string> enclave_name;
    bool debug_mode = false;
    bool attach_console = false;
};
[[nodiscard]] Result<RunArguments> parse_run_flags(const RunFlags& flags);

// The JSON of --config. Unknown keys are ignored, and the CID is not checked here.
[[nodiscard]] Result<RunArguments> parse_run_config(std::string_view json);

// "512", "512m", "1G", "1t" -> MiB.
[[nodiscard]] Result<std::uint64_t> parse_memory(std::string_view text);
// 1, 2, 3 and 4294967295 and more are refused; 0 is taken.
[[nodiscard]] Result<std::uint64_t> parse_cid(std::string_view text);

// console's --disconnect-timeout; none for an empty text and for 0.
[[nodiscard]] Result<std::optional<std::chrono::seconds>> parse_timeout(std::string_view text);

// Four times the image, in whole MiB of it.
[[nodiscard]] std::uint64_t memory_mib_min(std::uint64_t image_size);
[[nodiscard]] Result<void> check_memory(std::uint64_t memory_mib, std::uint64_t image_size);

// "app.eif" of any path less its trailing ".eif"; a name of `taken` gets _1, _2 and so on.
[[nodiscard]] std::string default_name(std::string_view eif_path);
[[nodiscard]] std::string free_name(const std::string& name, const std::vector<std::string>& taken);

}  // namespace glovebox::nitro_cli
