#include "sim/supervisor/pidfd_cache.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

constexpr unsigned pidfd_thread = O_EXCL;  // PIDFD_THREAD, Linux 6.9

UniqueFd open_pidfd(pid_t id, unsigned flags) {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, id, flags)));
}

}  // namespace

OrErrno<UniqueFd> PidfdCache::duplicate(pid_t thread, int fd) {
    const std::lock_guard lock(mutex_);
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
    if (!entry.pidfd) {
        const auto status = read_thread_status(thread);
        if (!status)
            return Errno{ESRCH};
        entry.process = status->process;
        entry.pidfd = open_pidfd(entry.process, 0);
    }
    if (!entry.pidfd)
        return Errno{errno};
    if (entries_.size() >= entries_max)
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
