// SPDX-License-Identifier: Apache-2.0

// Sockets in the network namespace of another thread.
//
// A socket belongs to the namespace in which it was made, for ever: ioctls such as SIOCGIFCONF on
// it show that one's interfaces. Path names connect across namespaces, so nothing else depends on
// it.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <unordered_map>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"

namespace glovebox::supervisor {

// Safe from any thread.
class SocketMaker {
  public:
    SocketMaker();
    ~SocketMaker();
    SocketMaker(const SocketMaker&) = delete;
    SocketMaker& operator=(const SocketMaker&) = delete;

    // socket(domain, type | SOCK_CLOEXEC, 0) as `thread` would have made it.
    [[nodiscard]] OrErrno<UniqueFd> make(pid_t thread, int domain, int type);

  private:
    // A child process inside a namespace, which makes a socket for every two ints that it reads.
    struct Helper {
        pid_t process;
        UniqueFd channel;
    };

    [[nodiscard]] OrErrno<UniqueFd> make_through_helper(pid_t thread, ino_t network, int domain,
                                                        int type);
    [[nodiscard]] OrErrno<Helper> start_helper(pid_t thread);

    static constexpr std::size_t helpers_max = 16;

    ino_t own_network_ = 0;
    std::mutex mutex_;
    std::unordered_map<ino_t, Helper> helpers_;  // by the namespace's inode
};

}  // namespace glovebox::supervisor
