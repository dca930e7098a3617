// SPDX-License-Identifier: Apache-2.0

// Duplicates of other processes' descriptors (pidfd_getfd(2)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"

namespace glovebox::supervisor {

// Keeps the pidfds between calls: opening one is most of what a look at a descriptor costs. A pidfd
// names one thread for ever, so a thread id that is used again can't be mistaken. Safe from any
// thread.
class PidfdCache {
  public:
    // Takes no more than its share of the descriptors that this process may have by now.
    PidfdCache();

    // A duplicate of descriptor `fd` of `thread`; EBADF where it has none, EPERM where it may not
    // be looked into, ESRCH when it is gone, EMFILE when this process has no descriptor left, what
    // is kept here included.
    [[nodiscard]] OrErrno<UniqueFd> duplicate(pid_t thread, int fd);

    // A number that no other thread has or had, also none with the same ID; 0 where the kernel
    // doesn't tell threads apart (before Linux 6.9), and for one that is gone.
    [[nodiscard]] std::uint64_t identity(pid_t thread);

    // From now on `epoll` reports the end of a cached thread, with event_of(thread) as its data;
    // call forget() then.
    void watch_exits(int epoll, std::uint64_t (*event_of)(pid_t thread));
    void forget(pid_t thread);
    // Closes all cached descriptors, and returns whether there were any.
    bool let_go();
    [[nodiscard]] std::size_t entries_max() const { return entries_max_; }

  private:
    struct Entry {
        UniqueFd pidfd;
        pid_t process = 0;  // 0 when the pidfd names the thread itself
        std::uint64_t identity = 0;
    };

    [[nodiscard]] OrErrno<const Entry*> find(pid_t thread);
    [[nodiscard]] OrErrno<UniqueFd> try_duplicate(pid_t thread, int fd);

    // A descriptor each. What has more threads in vsock calls at a time only loses speed.
    const std::size_t entries_max_;
    std::mutex mutex_;
    std::unordered_map<pid_t, Entry> entries_;
    std::uint64_t last_identity_ = 0;
    int epoll_ = -1;
    std::uint64_t (*event_of_)(pid_t thread) = nullptr;
};

}  // namespace glovebox::supervisor
