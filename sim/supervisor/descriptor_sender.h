// SPDX-License-Identifier: Apache-2.0

// A program's sockets where a container's filter denies pidfd_getfd(2): the thread that waits in a
// call on a socket sends it to the supervisor itself.
//
// For that moment the thread is stopped and has one more descriptor, of a socket pair. It sends
// what the call names over it, and makes its call again. Nothing is kept longer than until that
// call is answered, so that a socket that the program closes is closed.
//
//   call notified -> thread stopped, sends its socket -> call notified again -> answered
//
// Files that are no sockets are opened by /proc instead.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/stopped_thread.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"
#include "sim/supervisor/tracer.h"

namespace glovebox::supervisor {

// A notifier, since what a call needed is let go before the call is answered.
class DescriptorSender final : public Notifier {
  public:
    // Both outlive it. Throws ErrorException when it can't have its socket pair.
    DescriptorSender(SeccompNotifier& kernel, Tracer& tracer);
    ~DescriptorSender() override;

    OrErrno<SystemCall> receive() override { return kernel_.receive(); }
    bool is_valid(std::uint64_t id) override { return kernel_.is_valid(id); }
    int send(std::uint64_t id, const SyscallReply& reply) override;
    int restart(const SystemCall& call) override;

    // Before a call is answered: whether it has been answered here and will be made again.
    // `wants_socket` says whether a call on a socket of another family than AF_UNIX needs it.
    [[nodiscard]] bool prepare(const SystemCall& call, Tracee& tracee,
                               const std::function<bool()>& wants_socket);
    // As PidfdCache::duplicate, for the call that was prepared; EBADF for any other socket.
    [[nodiscard]] OrErrno<UniqueFd> duplicate(pid_t thread, int fd);
    // From now on threads may have filters of their own. Such a thread is asked for nothing, since
    // the filter may end the program for it, and its sockets pass for those of others.
    void expect_filters() { expects_filters_ = true; }
    // The call waits for its answer, and its socket is no longer needed.
    void let_go(pid_t thread);

  private:
    // What a thread has sent for its call.
    struct Sent {
        SystemCall call;
        std::uint64_t inode = 0;
        UniqueFd socket;
        int failure = 0;  // the errno value in its place
    };

    void forget(std::uint64_t id);
    [[nodiscard]] bool has_own_filter(pid_t thread) const;
    [[nodiscard]] bool fetch(const SystemCall& call, Tracee& tracee, std::uint64_t inode);
    [[nodiscard]] int make_it_send(StoppedThread& thread, Tracee& tracee, int fd, int channel);
    [[nodiscard]] OrErrno<int> lend_channel(const SystemCall& call);
    [[nodiscard]] UniqueFd take_sent();

    SeccompNotifier& kernel_;
    Tracer& tracer_;
    UniqueFd ours_;
    UniqueFd theirs_;
    unsigned filters_ = 0;  // of a thread without its own
    bool expects_filters_ = false;
    std::mutex mutex_;
    std::unordered_map<pid_t, Sent> sent_;  // guarded by mutex_
};

}  // namespace glovebox::supervisor
