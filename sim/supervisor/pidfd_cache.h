// Duplicates of other processes' descriptors (pidfd_getfd(2)).
#pragma once

#include <sys/types.h>

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
    // A duplicate of descriptor `fd` of `thread`; EBADF where it has none, EPERM where it may not
    // be looked into, ESRCH when it is gone.
    [[nodiscard]] OrErrno<UniqueFd> duplicate(pid_t thread, int fd);

  private:
    struct Entry {
        UniqueFd pidfd;
        pid_t process = 0;  // 0 when the pidfd names the thread itself
    };

    [[nodiscard]] OrErrno<const Entry*> find(pid_t thread);

    // A descriptor each. What has more threads in vsock calls at a time only loses speed.
    static constexpr std::size_t entries_max = 256;

    std::mutex mutex_;
    std::unordered_map<pid_t, Entry> entries_;
};

}  // namespace glovebox::supervisor
