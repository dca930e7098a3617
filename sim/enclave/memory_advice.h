// SPDX-License-Identifier: Apache-2.0

// Programs that do not start, or outgrow their memory, with the --memory that they are given. Their
// own words for it name neither the option nor the amount.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace glovebox::enclave {

enum class Runtime { go, java };

// By the marks that the linker leaves in an executable file: Go's build information, and the
// library that every `java` program loads. Nothing for other programs and for what can't be read.
[[nodiscard]] std::optional<Runtime> find_runtime(const std::string& program);

struct MemoryQuestion {
    std::optional<Runtime> runtime;
    std::uint64_t memory_bytes = 0;        // the enclave's
    std::uint64_t machine_bytes = 0;       // this machine's, by which a JVM sizes its heap
    std::vector<std::string> arguments;    // of the program
    std::vector<std::string> environment;  // NAME=VALUE
};

// A sentence for the log, with what to do; nothing where the memory is enough.
[[nodiscard]] std::optional<std::string> advise_on_memory(const MemoryQuestion& question);

// This machine's memory, as sysinfo(2) has it.
[[nodiscard]] std::uint64_t machine_memory();

}  // namespace glovebox::enclave
