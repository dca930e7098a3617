// SPDX-License-Identifier: Apache-2.0

// The ioctl of /dev/nsm: a request out of the program's memory, a response into it
// (linux drivers/misc/nsm.c).
//
// The module answers one request at a time. Most take microseconds and are answered on the spot; an
// attestation document takes a signature, a millisecond or more, so it and whatever comes while it
// is made wait in a queue that a thread of this class's own works off.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "nsm-mock/module/nsm_device.h"
#include "sim/supervisor/ioctl_numbers.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class NsmCalls {
  public:
    NsmCalls(nsm::NsmDevice& device, Notifier& notifier, TraceeMaker make_tracee);
    // Answers the queued requests without a wait, and ends the thread.
    ~NsmCalls();
    NsmCalls(const NsmCalls&) = delete;
    NsmCalls& operator=(const NsmCalls&) = delete;

    // Answers ioctl(fd, ioctl_nsm_raw, struct nsm_raw*).
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

  private:
    struct Job {
        SystemCall call;
        NsmRaw raw;
        Bytes request;
    };

    void run();
    [[nodiscard]] SyscallReply process(const Job& job, Tracee& tracee);

    nsm::NsmDevice& device_;
    Notifier& notifier_;
    TraceeMaker make_tracee_;

    // Where the last request was, of the one thread that calls answer().
    static constexpr std::size_t expected_bytes_max = 256;
    std::uint64_t expected_at_ = 0;
    std::size_t expected_length_ = 0;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> queue_;  // the first one is being worked on
    bool is_over_ = false;

    std::thread thread_;
};

}  // namespace glovebox::supervisor
