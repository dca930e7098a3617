// SPDX-License-Identifier: Apache-2.0

#include "sim/fault/enclave_faults.h"

#include <fmt/format.h>

#include <charconv>

#include "sim/enclave/out_of_memory.h"
#include "sim/enclave/stop.h"

namespace glovebox::fault {

Result<core::Cid> EnclaveFaults::cid_of(const std::string& enclave) const {
    if (const auto found = cids_.find(enclave); found != cids_.end())
        return found->second;
    core::Cid cid = 0;
    const char* const end = enclave.data() + enclave.size();
    if (const auto [last, failure] = std::from_chars(enclave.data(), end, cid);
        failure == std::errc() && last == end && !enclave.empty())
        return cid;
    std::string names;
    for (const auto& [name, its_cid] : cids_)
        names += (names.empty() ? "" : ", ") + name;
    return invalid_input(fmt::format(
        "there is no enclave \"{}\": {}", enclave,
        names.empty() ? "give its CID, which `glovebox ps` lists" : "the world has " + names));
}

Result<enclave::EnclaveRecord> EnclaveFaults::running(core::Cid cid) const {
    const auto choice = enclave::choose_running(enclave::read_records(directory_), {cid});
    if (choice.chosen.empty())
        return invalid_input(
            fmt::format("no enclave with CID {} runs: `glovebox ps` lists those that do", cid));
    return choice.chosen.front();
}

Result<EnclaveFaults::Struck> EnclaveFaults::strike(unsigned id, const Fault& fault) {
    const core::Cid cid = fault.to.value_or(0);
    const auto record = running(cid);
    if (!record)
        return record.error();
    Struck struck;
    if (fault.kind == Kind::enclave_pause) {
        auto pause = enclave::Pause::begin(*record);
        if (!pause)
            return pause.error();
        pauses_.emplace(id, std::move(*pause));
        return struck;
    }
    struck.process = record->process;
    struck.process_start = record->process_start;
    if (fault.kind == Kind::enclave_kill) {
        if (const auto off = enclave::power_off(*record); !off)
            return off.error();
        return struck;
    }
    const auto victim = enclave::run_out_of_memory(*record);
    if (!victim)
        return victim.error();
    if (*victim) {
        const enclave::ProcessMemory& killed = **victim;
        struck.kernels_line = fmt::format("Out of memory: Killed process {} ({}) rss:{}kB",
                                          killed.process, killed.name, killed.resident_kib);
        struck.process = killed.process;
        struck.process_start = enclave::process_start_time(killed.process);
    } else {
        struck.kernels_line = "Kernel panic - not syncing: System is deadlocked on memory";
    }
    return struck;
}

}  // namespace glovebox::fault
