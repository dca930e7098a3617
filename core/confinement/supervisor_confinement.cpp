// SPDX-License-Identifier: Apache-2.0

#include "core/confinement/supervisor_confinement.h"

#include "core/confinement/call_filter.h"

namespace glovebox::core {

void confine_supervisor(const SupervisorNeeds& needs, Log& log) {
    if (CallFilter::is_sanitized)
        return;
    CallFilter filter;
    filter.forbid_programs();
    if (!needs.other_sockets)
        filter.forbid_sockets_but_unix();
    const auto confined = filter.install(CallFilter::Threads::all);
    log.debug("confined", "the supervisor's system calls: {}",
              confined ? "confined" : "not confined, " + confined.error().message);
}

}  // namespace glovebox::core
