// SPDX-License-Identifier: Apache-2.0

// Another process's memory, through process_vm_readv(2) and process_vm_writev(2).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "sim/supervisor/errno_result.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

// As Tracee::read_some.
[[nodiscard]] OrErrno<std::size_t> read_process_memory(pid_t thread,
                                                       std::span<const Tracee::Source> sources);
[[nodiscard]] OrErrno<std::size_t> read_process_memory(pid_t thread, std::uint64_t address,
                                                       std::span<std::uint8_t> out);
// As Tracee::write.
[[nodiscard]] int write_process_memory(pid_t thread, std::span<const Tracee::Target> targets);
[[nodiscard]] int write_process_memory(pid_t thread, std::uint64_t address,
                                       std::span<const std::uint8_t> bytes);

}  // namespace glovebox::supervisor
