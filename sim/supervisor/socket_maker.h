// SPDX-License-Identifier: Apache-2.0

// Sockets in the network namespace of another thread.
//
// A socket belongs to the namespace in which it was made, for ever: ioctls such as SIOCGIFCONF on
// it show that one's interfaces. Path names connect across namespaces, so nothing else depends on
// it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"
#include "sim/supervisor/pidfd_cache.h"

namespace glovebox::supervisor {

// Safe from any thread.
class SocketMaker {
  public:
    // Knows threads by their pidfds, which outlive it.
    explicit SocketMaker(PidfdCache& pidfds);
    ~SocketMaker();
    SocketMaker(const SocketMaker&) = delete;
    SocketMaker& operator=(const SocketMaker&) = delete;

    // socket(AF_UNIX, type | SOCK_CLOEXEC, 0) as `thread` would have made it.
    [[nodiscard]] OrErrno<UniqueFd> make(pid_t thread, int type);
    // The thread may be about to enter another namespace, as setns(2) and unshare(2) do.
    void expect_move(pid_t thread);
    [[nodiscard]] static bool moves(int number);

  private:
    // A child process inside a namespace, which makes the sockets of each Request that it reads.
    struct Helper {
        pid_t process;
        UniqueFd channel;
        // Made ahead, of the kind that programs ask for again and again: a client makes one for
        // each connection, and each request wakes two processes.
        std::vector<UniqueFd> spare;
        bool was_asked = false;  // for that kind
    };
    // Where a thread is.
    struct Place {
        std::uint64_t identity;
        ino_t network;
    };

    [[nodiscard]] ino_t network_of(pid_t thread);
    [[nodiscard]] OrErrno<UniqueFd> make_through_helper(pid_t thread, ino_t network, int type);
    // 0, EMFILE, EACCES where the helper is of no use, or why it made none.
    [[nodiscard]] static int ask(Helper& helper, int type, std::span<UniqueFd> made);
    [[nodiscard]] OrErrno<Helper> start_helper(pid_t thread);

    static constexpr std::size_t helpers_max = 16;
    static constexpr std::size_t places_max = 2048;

    PidfdCache& pidfds_;
    ino_t own_network_ = 0;
    std::mutex mutex_;
    std::unordered_map<pid_t, Place> places_;
    std::unordered_map<ino_t, Helper> helpers_;  // by the namespace's inode
};

}  // namespace glovebox::supervisor
