// SPDX-License-Identifier: Apache-2.0

// What a program of a traced tree (tracer.h) tries and cannot have there: to trace others, and a
// system call filter of its own while it uses vsock sockets.
#pragma once

#include "core/base/log.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/system_call.h"

namespace glovebox::supervisor {

class TracingNotice {
  public:
    // The log outlives it.
    explicit TracingNotice(Log& log) : notices_(log) {}

    [[nodiscard]] static bool handles(int number);
    // Of those: whether the thread will have a filter of its own.
    [[nodiscard]] static bool is_filter_call(int number);
    // Looks at a call that goes on to the kernel.
    void look(const SystemCall& call);

  private:
    Notices notices_;
};

}  // namespace glovebox::supervisor
