// SPDX-License-Identifier: Apache-2.0

// Programs with emulated sockets and their SIGPIPE (sigpipe_handler.h).
//
// A process image gets the handler's pages before its first emulated socket: its first call that
// makes one is interrupted, the pages are mapped and the handler is set by the calling thread
// itself (stopped_thread.h), and the call is made again. The pages are at the same time the mark
// that this image has been prepared: fork copies them, exec drops them. From then on
// rt_sigaction(SIGPIPE) is answered so that the program sees what it has set itself.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>

#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/sigpipe_handler.h"
#include "sim/supervisor/stopped_thread.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/thread_status.h"
#include "sim/supervisor/tracee.h"
#include "sim/supervisor/tracer.h"

namespace glovebox::supervisor {

class SigpipeCalls {
  public:
    // Outlives neither. The notifier answers the calls that are made again: not a tracing one.
    // `tracer` is that of the tree, or null; `filters` are filters_of_programs().
    SigpipeCalls(Notifier& notifier, Tracer* tracer, unsigned filters);

    // Whether `number` is rt_sigaction.
    [[nodiscard]] static bool handles(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

    // Before socket(AF_VSOCK) or accept is answered: whether the call has been answered here and
    // will be made again. Nothing is done for what is no emulated socket. Images that
    // can't be prepared keep their SIGPIPE: those that another process traces, that have a filter
    // of their own or no memory left.
    [[nodiscard]] bool prepare(const SystemCall& call, Tracee& tracee);

  private:
    [[nodiscard]] static bool is_prepared(Tracee& tracee);
    [[nodiscard]] bool prepare_image(const SystemCall& call, Tracee& tracee,
                                     const ThreadStatus& status);
    [[nodiscard]] SyscallReply set_for_program(const SystemCall& call, Tracee& tracee);

    Notifier& notifier_;
    Tracer* tracer_;
    pid_t last_prepared_ = 0;     // a thread
    unsigned filters_;            // of a program that has installed none itself
    std::set<pid_t> unprepared_;  // processes in which it was tried in vain
};

}  // namespace glovebox::supervisor
