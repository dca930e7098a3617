// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/out_of_memory.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "core/base/file_bytes.h"
#include "sim/enclave/enclave_processes.h"
#include "sim/enclave/stop.h"

namespace glovebox::enclave {
namespace {

constexpr int never = -1000;  // OOM_SCORE_ADJ_MIN

// The value of a line "Name:\tvalue".
std::string value_of(std::string_view status, std::string_view name) {
    for (std::size_t at = 0; (at = status.find(name, at)) != status.npos; ++at) {
        if (at != 0 && status[at - 1] != '\n')
            continue;
        const std::size_t begin = status.find_first_not_of("\t ", at + name.size());
        return begin == status.npos
                   ? std::string()
                   : std::string(status.substr(begin, status.find('\n', begin) - begin));
    }
    return {};
}

std::uint64_t number_of(std::string_view status, std::string_view name) {
    return std::strtoull(value_of(status, name).c_str(), nullptr, 10);
}

std::int64_t points_of(const ProcessMemory& process, std::uint64_t enclave_kib) {
    const std::uint64_t memory =
        process.resident_kib + process.swapped_kib + process.page_tables_kib;
    return static_cast<std::int64_t>(memory) +
           process.adjustment * static_cast<std::int64_t>(enclave_kib / 1000);
}

std::uint64_t memory_of_machine() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::optional<ProcessMemory> parse_process_memory(pid_t process, const std::string& status,
                                                  const std::string& adjustment) {
    if (value_of(status, "VmRSS:").empty())
        return std::nullopt;
    return ProcessMemory{process,
                         value_of(status, "Name:"),
                         number_of(status, "VmRSS:"),
                         number_of(status, "VmSwap:"),
                         number_of(status, "VmPTE:"),
                         static_cast<int>(std::strtol(adjustment.c_str(), nullptr, 10))};
}

std::optional<ProcessMemory> choose_victim(const std::vector<ProcessMemory>& all,
                                           std::uint64_t enclave_kib) {
    const ProcessMemory* chosen = nullptr;
    for (const ProcessMemory& one : all)
        if (one.adjustment != never &&
            (chosen == nullptr || points_of(one, enclave_kib) > points_of(*chosen, enclave_kib)))
            chosen = &one;
    return chosen == nullptr ? std::nullopt : std::optional(*chosen);
}

Result<std::optional<ProcessMemory>> run_out_of_memory(const EnclaveRecord& record) {
    std::vector<ProcessMemory> all;
    for (const auto& [process, is_first] : list_enclave_processes(record)) {
        if (is_first)  // the kernel does not kill it
            continue;
        if (auto memory = parse_process_memory(
                process, read_system_text(fmt::format("/proc/{}/status", process)),
                read_system_text(fmt::format("/proc/{}/oom_score_adj", process))))
            all.push_back(std::move(*memory));
    }
    const auto victim =
        choose_victim(all, record.memory_bytes.value_or(memory_of_machine()) / 1024);
    if (!victim) {
        if (const auto off = power_off(record); !off)
            return off.error();
    } else if (::kill(victim->process, SIGKILL) != 0 && errno != ESRCH) {
        return errno_error(fmt::format("process {} of the enclave with CID {} can't be killed",
                                       victim->process, record.cid),
                           errno);
    }
    return victim;
}

}  // namespace glovebox::enclave
