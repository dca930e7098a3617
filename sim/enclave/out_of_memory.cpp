// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/out_of_memory.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "core/base/file_bytes.h"
#include "sim/enclave/children.h"
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

std::string status_of(pid_t process) {
    return read_system_text(fmt::format("/proc/{}/status", process));
}

// How many PID namespaces the process is in, below that of this one.
auto depth_of(std::string_view process_ids) {
    return std::count(process_ids.begin(), process_ids.end(), '\t');
}

// Of these children of `glovebox run`, the ones that its enclave's kernel has not, or does not kill:
// its PID 1; and what executes the file of `glovebox run` itself, which are the keeper of a program
// without a sandbox and the supervisor's helpers. Nobody may ask Glovebox's PID 1 for its file.
bool is_spared(pid_t child, pid_t run) {
    const std::string ids = value_of(status_of(child), "NSpid:");
    if (ids.ends_with("\t1") && depth_of(ids) == depth_of(value_of(status_of(run), "NSpid:")) + 1)
        return true;
    struct stat file {};
    struct stat file_of_run {};
    return ::stat(fmt::format("/proc/{}/exe", child).c_str(), &file) != 0 ||
           ::stat(fmt::format("/proc/{}/exe", run).c_str(), &file_of_run) != 0 ||
           (file.st_dev == file_of_run.st_dev && file.st_ino == file_of_run.st_ino);
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
    const auto descendants = list_descendants(record.process);
    // Asked for second, so that no child that begins meanwhile is among the descendants alone.
    const auto children = list_children(record.process);
    for (const pid_t process : descendants) {
        const bool is_child =
            std::find(children.begin(), children.end(), process) != children.end();
        if (is_child && is_spared(process, record.process))
            continue;
        if (auto memory = parse_process_memory(
                process, status_of(process),
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
