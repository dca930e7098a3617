// SPDX-License-Identifier: Apache-2.0

// What an enclave's kernel does when its memory is full: it kills the process that has the most
// (Linux 6.6, mm/oom_kill.c).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {

// A process as oom_badness() sees it.
struct ProcessMemory {
    pid_t process = 0;
    std::string name;
    std::uint64_t resident_kib = 0;     // VmRSS
    std::uint64_t swapped_kib = 0;      // VmSwap
    std::uint64_t page_tables_kib = 0;  // VmPTE
    int adjustment = 0;                 // oom_score_adj, -1000 to 1000

    bool operator==(const ProcessMemory&) const = default;
};

// Of `/proc/PID/status` and `/proc/PID/oom_score_adj`. Empty for a process without memory of its
// own: one that has ended.
[[nodiscard]] std::optional<ProcessMemory> parse_process_memory(pid_t process,
                                                                const std::string& status,
                                                                const std::string& adjustment);

// The process that the kernel kills: the one with the most points, which are its memory and the
// adjustment in thousandths of the enclave's. One with -1000 is never chosen. Empty without one.
[[nodiscard]] std::optional<ProcessMemory> choose_victim(const std::vector<ProcessMemory>& all,
                                                         std::uint64_t enclave_kib);

// Kills that process of the enclave, and returns it. Where none can be killed, the kernel panics,
// and the enclave's power goes off: empty then.
[[nodiscard]] Result<std::optional<ProcessMemory>> run_out_of_memory(const EnclaveRecord& record);

}  // namespace glovebox::enclave
