// SPDX-License-Identifier: Apache-2.0

// The arguments of run-enclave, from the command line or a --config file, and the rules that
// nitro-cli checks before it starts anything.
//
// Numbers arrive as text, because a wrong number is an error of nitro-cli's own (E03) and not a
// usage error.
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
    std::optional<std::uint64_t> enclave_cid;  // empty or 0: the next free one
    std::optional<std::string> enclave_name;
    bool debug_mode = false;
    bool attach_console = false;
};

// The texts of the command line, absent if not given.
struct RunFlags {
    std::optional<std::string> cpu_count;
    std::vector<std::string> cpu_ids;
    std::string memory;
    std::string eif_path;
    std::optional<std::string> enclave_cid;
    std::optional<std::string> enclave_name;
    bool debug_mode = false;
    bool attach_console = false;
};
// E03 for a text that is not a number in its range.
[[nodiscard]] Result<RunArguments> parse_run_flags(const RunFlags& flags);

// Reads the JSON of --config. Unknown keys are ignored, and the CID is not checked here. E17 for
// malformed JSON, a missing key or a wrong type; E01 without CPUs; E02 with both cpu_count and
// cpu_ids.
[[nodiscard]] Result<RunArguments> parse_run_config(std::string_view json);
// The same of a file. E19 if it cannot be opened; E17 if it cannot be read, as a directory cannot.
[[nodiscard]] Result<RunArguments> read_run_config(const std::string& path);

// Reads "512", "512m", "1G" or "1t"; returns MiB. E03 for other texts.
[[nodiscard]] Result<std::uint64_t> parse_memory(std::string_view text);
// Accepts 0 and every CID that an enclave can have. E03 for 1, 2, 3, and 4294967295 and above.
[[nodiscard]] Result<std::uint64_t> parse_cid(std::string_view text);

// Reads console's --disconnect-timeout in seconds. Empty, which means no timeout, for 0. E03 for
// other texts.
[[nodiscard]] Result<std::optional<std::chrono::seconds>> parse_timeout(std::string_view text);

// The least memory for an image of `image_size` bytes: four times its size, which is rounded up to
// MiB.
[[nodiscard]] std::uint64_t memory_mib_min(std::uint64_t image_size);
// E26 if the memory is less than that.
[[nodiscard]] Result<void> check_memory(std::uint64_t memory_mib, std::uint64_t image_size);

// The limit of the Nitro Enclaves driver, 64 MiB for each enclave: E29 below it.
[[nodiscard]] Result<void> check_driver_memory(std::uint64_t memory_mib);

// default_name: the file's name without its trailing ".eif". free_name: the name, or the name with
// _1, _2 and so on if it is in `taken`.
[[nodiscard]] std::string default_name(std::string_view eif_path);
[[nodiscard]] std::string free_name(const std::string& name, const std::vector<std::string>& taken);

}  // namespace glovebox::nitro_cli
