// SPDX-License-Identifier: Apache-2.0

// A process that takes this one's place, with its listening sockets: an upgrade that refuses
// nobody. The sockets go the way of sd_listen_fds(3).
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::core {

// A listening socket that stays this process's, too.
struct SharedSocket {
    int fd = -1;
    std::string name;  // without a colon
};

struct Successor {
    pid_t process = 0;
    // Readable: at its end of file, the successor has ended before it was ready; after a byte, it
    // is ready (ServiceManager::tell_ready).
    UniqueFd ready;
};

// Starts this program anew: the file that has its path now, with this process's arguments and
// environment, and `variables` beside it. Errors: errno's.
[[nodiscard]] Result<Successor> start_successor(
    std::span<const SharedSocket> sockets,
    const std::vector<std::pair<std::string, std::string>>& variables);

// sd_listen_fds(3)'s first descriptor.
inline constexpr int inherited_fds_begin = 3;

// The variable with the number of the descriptor that a successor writes to.
inline constexpr const char* ready_variable = "GLOVEBOX_READY_FD";

}  // namespace glovebox::core
