// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/kernel_end.h"

#include <fmt/core.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

namespace glovebox::enclave {

std::string panic_line(unsigned wait_status) {
    return fmt::format("Kernel panic - not syncing: Attempted to kill init! exitcode=0x{:08x}\n",
                       wait_status);
}

bool is_power_off(int wait_status) {
    return WIFSIGNALED(wait_status) &&
           (WTERMSIG(wait_status) == SIGHUP || WTERMSIG(wait_status) == SIGINT);
}

int exit_status_of_init(int wait_status) {
    if (is_power_off(wait_status))
        return 0;
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
                                    : std::max(WEXITSTATUS(wait_status), 1);
}

}  // namespace glovebox::enclave
