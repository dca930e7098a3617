// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/stop.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "core/base/unique_fd.h"
#include "sim/enclave/signal_relay.h"

namespace glovebox::enclave {
namespace {

// A `glovebox run` that does not end within this time is killed, and its enclave with it.
constexpr int patience_ms = 10'000;

Result<void> send(const UniqueFd& process, int signal, const EnclaveRecord& record) {
    if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0 || errno == ESRCH)
        return {};
    return errno_error(
        fmt::format("stopping the enclave with CID {} (process {})", record.cid, record.process),
        errno);
}

// Empty if the process has ended.
UniqueFd open_process(pid_t id, std::uint64_t start) {
    UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
    // Checked after the descriptor was opened, so the descriptor refers to this very process.
    return process && start != 0 && process_start_time(id) == start ? std::move(process)
                                                                    : UniqueFd();
}

UniqueFd open_process(const EnclaveRecord& record) {
    return is_alive(record) ? open_process(record.process, record.process_start) : UniqueFd();
}

// Whether it ends within the time; -1 for any time.
bool has_ended(const UniqueFd& process, int milliseconds) {
    pollfd end{process.get(), POLLIN, 0};
    while (::poll(&end, 1, milliseconds) < 0 && errno == EINTR) {
    }
    return end.revents != 0;
}

}  // namespace

RunningChoice choose_running(const std::vector<EnclaveRecord>& records) {
    RunningChoice choice;
    std::copy_if(records.begin(), records.end(), std::back_inserter(choice.chosen),
                 [](const EnclaveRecord& record) { return !record.ended; });
    return choice;
}

RunningChoice choose_running(const std::vector<EnclaveRecord>& records,
                             const std::vector<core::Cid>& cids) {
    RunningChoice choice = choose_running(records);
    for (const core::Cid cid : cids)
        if (std::none_of(choice.chosen.begin(), choice.chosen.end(),
                         [cid](const EnclaveRecord& record) { return record.cid == cid; }))
            choice.absent.push_back(cid);
    std::erase_if(choice.chosen, [&cids](const EnclaveRecord& record) {
        return std::find(cids.begin(), cids.end(), record.cid) == cids.end();
    });
    return choice;
}

Result<void> power_off(const EnclaveRecord& record) {
    const UniqueFd process = open_process(record);
    return process ? send(process, power_off_signal, record) : Result<void>();
}

void await_end(pid_t process, std::uint64_t start) {
    if (const UniqueFd opened = open_process(process, start))
        has_ended(opened, patience_ms);
}

Result<void> stop_enclave(const EnclaveRecord& record) {
    const UniqueFd process = open_process(record);
    if (!process)
        return {};
    if (const auto sent = send(process, power_off_signal, record); !sent)
        return sent;
    if (has_ended(process, patience_ms))
        return {};
    const auto killed = send(process, SIGKILL, record);
    if (killed)
        has_ended(process, -1);
    return killed;
}

}  // namespace glovebox::enclave
