// SPDX-License-Identifier: Apache-2.0

// How an enclave's kernel ends when an image's own init does: by a power-off that init has asked
// for (reboot(2)), or by a panic.
#pragma once

#include <string>

namespace glovebox::enclave {

// The kernel's message when its PID 1 ends; `wait_status` is as in wait(2).
[[nodiscard]] std::string panic_line(unsigned wait_status);

// Whether init has called reboot(2). In a PID namespace, the kernel reports SIGHUP for a restart
// and SIGINT for a power-off (pid_namespace.c), which can't kill an init in another way.
[[nodiscard]] bool is_power_off(int wait_status);

// Of `glovebox run`: 0 for a power-off, otherwise never 0.
[[nodiscard]] int exit_status_of_init(int wait_status);

}  // namespace glovebox::enclave
