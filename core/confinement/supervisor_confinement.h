// SPDX-License-Identifier: Apache-2.0

// What the supervisor of an enclave in a sandbox gives up when the enclave's program has started,
// so that a program which takes the supervisor over by what it reads of it has less.
//
// Landlock is not for a supervisor: a process that it holds can't look into programs which it does
// not hold, and a program that it holds can't mount.
#pragma once

#include "core/base/log.h"

namespace glovebox::core {

struct SupervisorNeeds {
    bool other_sockets = false;  // than AF_UNIX
};

// For the rest of this process's life, in all of its threads and all that it forks: it starts no
// program, makes no socket of the machine's network, no namespace, and no call that no process of
// Glovebox needs (CallFilter). Files, other processes, namespaces that are there, and mounts stay
// within its reach, since they are its work. Where the kernel, or the container around, forbids the
// filter, nothing is given up; the log says at level debug what is in force. Programs that were
// started before see nothing of it.
void confine_supervisor(const SupervisorNeeds& needs, Log& log);

}  // namespace glovebox::core
