// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/pidfd_cache.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

constexpr unsigned pidfd_thread = O_EXCL;  // PIDFD_THREAD, Linux 6.9

UniqueFd open_pidfd(pid_t id, unsigned flags) {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, id, flags)));
}

// Of the descriptors that this process may have; the others are waiting calls' and connections'.
constexpr rlim_t share = 4;
constexpr rlim_t entries_at_most = 2048;

}  // namespace

PidfdCache::PidfdCache()
    : entries_max_([] {
          rlimit limit{};
          ::getrlimit(RLIMIT_NOFILE, &limit);
          return static_cast<std::size_t>(
              std::clamp<rlim_t>(limit.rlim_cur / share, 1, entries_at_most));
      }()) {}

OrErrno<UniqueFd> PidfdCache::duplicate(pid_t thread, int fd) {
    const std::lock_guard lock(mutex_);
    auto duplicate = try_duplicate(thread, fd);
    if (duplicate || duplicate.error() != Errno{EMFILE} || entries_.empty())
        return duplicate;
    entries_.clear();
    return try_duplicate(thread, fd);
}

std::uint64_t PidfdCache::identity(pid_t thread) {
    const std::lock_guard lock(mutex_);
    for (int tries = 0; tries < 2; ++tries) {
        const auto entry = find(thread);
        if (!entry || (*entry)->process != 0)
            return 0;
        pollfd end{(*entry)->pidfd.get(), POLLIN, 0};
        if (::poll(&end, 1, 0) == 0)
            return (*entry)->identity;
        entries_.erase(thread);
    }
    return 0;
}

bool PidfdCache::let_go() {
    const std::lock_guard lock(mutex_);
    const bool had_any = !entries_.empty();
    entries_.clear();
    return had_any;
}

OrErrno<UniqueFd> PidfdCache::try_duplicate(pid_t thread, int fd) {
    for (bool cached = entries_.contains(thread);; cached = false) {
        const auto entry = find(thread);
        if (!entry)
            return entry.error();
        // A process's pidfd says nothing of its threads: this one's id may be another's by now.
        const pid_t process = (*entry)->process;
        const bool gone = process != 0 && process != thread &&
                          ::syscall(SYS_tgkill, process, thread, 0) != 0 && errno == ESRCH;
        if (!gone) {
            UniqueFd duplicate(
                static_cast<int>(::syscall(SYS_pidfd_getfd, (*entry)->pidfd.get(), fd, 0)));
            if (duplicate)
                return duplicate;
            if (errno != ESRCH)
                return Errno{errno};
        }
        entries_.erase(thread);
        if (!cached)
            return Errno{ESRCH};
    }
}

OrErrno<const PidfdCache::Entry*> PidfdCache::find(pid_t thread) {
    if (const auto found = entries_.find(thread); found != entries_.end())
        return &found->second;
    Entry entry{open_pidfd(thread, pidfd_thread)};
    if (!entry.pidfd && errno == EMFILE)
        return Errno{EMFILE};
    if (!entry.pidfd) {
        const auto status = read_thread_status(thread);
        if (!status)
            return Errno{ESRCH};
        entry.process = status->process;
        entry.pidfd = open_pidfd(entry.process, 0);
    }
    if (!entry.pidfd)
        return Errno{errno};
    entry.identity = ++last_identity_;
    if (entries_.size() >= entries_max_)
        entries_.erase(entries_.begin());
    if (epoll_ >= 0) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        event.data.u64 = event_of_(thread);
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, entry.pidfd.get(), &event);
    }
    return &entries_.emplace(thread, std::move(entry)).first->second;
}

void PidfdCache::watch_exits(int epoll, std::uint64_t (*event_of)(pid_t thread)) {
    const std::lock_guard lock(mutex_);
    epoll_ = epoll;
    event_of_ = event_of;
}

void PidfdCache::forget(pid_t thread) {
    const std::lock_guard lock(mutex_);
    entries_.erase(thread);
}

}  // namespace glovebox::supervisor
