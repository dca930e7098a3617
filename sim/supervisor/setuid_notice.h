// SPDX-License-Identifier: Apache-2.0

// Programs whose file would give them another user or capabilities, and does not: without
// CAP_SYS_ADMIN a filter needs no_new_privs, under which the kernel ignores the setuid and setgid
// bits and file capabilities. Such a program (sudo, ping) only says that it may not do its work.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/base/log.h"
#include "sim/supervisor/notices.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class SetuidNotice {
  public:
    // The log outlives it.
    explicit SetuidNotice(Log& log) : notices_(log) {}

    [[nodiscard]] static bool handles(int number);
    // Looks at an execve or execveat that goes on to the kernel.
    void look(const SystemCall& call, Tracee& tracee);
    // The same of the first program, which is executed before there is a supervisor. `file` is its
    // path.
    void look(const std::string& file, uid_t user);

  private:
    void tell(const std::string& path, std::string_view gift);

    Notices notices_;
};

// Whether this process's programs run under no_new_privs once they have a filter.
[[nodiscard]] bool loses_privileges();

}  // namespace glovebox::supervisor
