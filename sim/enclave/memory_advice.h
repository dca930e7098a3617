// SPDX-License-Identifier: Apache-2.0

// Programs that do not start with the --memory that they are given. Their own words for it name
// neither the option nor the amount.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace glovebox::enclave {

enum class Runtime { go, java };

// By the marks that the linker leaves in an executable file: Go's build information, and the
// library that every `java` program loads. Nothing for other programs and for what can't be read.
[[nodiscard]] std::optional<Runtime> find_runtime(const std::string& program);

// A sentence for the log, with what to do; nothing where the memory is enough.
[[nodiscard]] std::optional<std::string> advise_on_memory(std::optional<Runtime> runtime,
                                                          std::uint64_t memory_bytes);

}  // namespace glovebox::enclave
