// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/pause.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <utility>

#include "sim/enclave/enclave_processes.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::enclave {
namespace {

bool send(const UniqueFd& process, int signal) {
    return ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

// Stopped by a signal (T), stopped by its tracer (t), or ended.
bool runs(pid_t process) {
    const auto status = supervisor::read_thread_status(process);
    return status && status->state != 'T' && status->state != 't' && status->state != 'Z';
}

}  // namespace

// A process that was not stopped yet may have forked, so it looks until a look finds nothing new.
Result<Pause> Pause::begin(const EnclaveRecord& record) {
    Pause pause;
    std::set<pid_t> seen;
    for (bool is_new = true; is_new;) {
        is_new = false;
        for (const auto& [process, _] : list_enclave_processes(record)) {
            if (!seen.insert(process).second)
                continue;
            is_new = true;
            UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
            if (!handle || !runs(process))
                continue;
            if (send(handle, SIGSTOP))
                pause.stopped_.push_back(std::move(handle));
            else if (errno != ESRCH)
                return errno_error(fmt::format("process {} of the enclave with CID {} can't be "
                                               "stopped",
                                               process, record.cid),
                                   errno);
        }
    }
    return pause;
}

Pause::~Pause() {
    for (const UniqueFd& process : stopped_)
        send(process, SIGCONT);
}

}  // namespace glovebox::enclave
