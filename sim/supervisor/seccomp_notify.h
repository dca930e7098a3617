// SPDX-License-Identifier: Apache-2.0

// The kernel's seccomp user notification (seccomp_unotify(2)), with the kernel's own operations.
// The code above it is tested against a fake of this interface.
//
// A filter's listener is a descriptor. A system call that the filter notifies waits in the kernel;
// the supervisor receives it, reads the caller's memory, checks that the call still waits, and
// answers with an error, a value, a new descriptor, or "go on".
#pragma once

#include <cstdint>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"
#include "sim/supervisor/system_call.h"

namespace glovebox::supervisor {

class Notifier {
  public:
    virtual ~Notifier() = default;

    // Waits for the next call. ENOENT: the call went away meanwhile, or all_exited(); EINTR: a
    // signal came.
    [[nodiscard]] virtual OrErrno<SystemCall> receive() = 0;
    // Whether the call still waits. If so, memory that was read before came from the caller, not
    // from a process that got its ID.
    [[nodiscard]] virtual bool is_valid(std::uint64_t id) = 0;
    // Sends the answer (any kind but `later`). 0, or an errno value: ENOENT and ESRCH when the call
    // was interrupted or its thread was killed, EMFILE when the program is at its descriptor limit.
    // After EMFILE the call still waits for an answer.
    [[nodiscard]] virtual int send(std::uint64_t id, const SyscallReply& reply) = 0;
    // Answers the call as one that a signal interrupts: it fails with EINTR or is made again, as
    // the signal's handler wants. Without a signal the program may see errno_restart.
    [[nodiscard]] virtual int restart(const SystemCall& call) {
        return send(call.id, SyscallReply::error(errno_restart));
    }
};

class SeccompNotifier final : public Notifier {
  public:
    explicit SeccompNotifier(UniqueFd listener) : listener_(std::move(listener)) {}

    // Asks the kernel to wake caller and supervisor on one core (Linux 6.6 and later); false where
    // it can't.
    bool wake_up_synchronously();
    // Every process under the filter has ended.
    [[nodiscard]] bool all_exited() const;
    [[nodiscard]] int listener() const { return listener_.get(); }

    // Gives the process of a call that waits a duplicate of `fd`, which is closed by exec, and
    // leaves the call waiting: its number there, EMFILE or ENOENT.
    [[nodiscard]] OrErrno<int> lend(std::uint64_t id, int fd);

    [[nodiscard]] OrErrno<SystemCall> receive() override;
    [[nodiscard]] bool is_valid(std::uint64_t id) override;
    [[nodiscard]] int send(std::uint64_t id, const SyscallReply& reply) override;

  private:
    UniqueFd listener_;
};

}  // namespace glovebox::supervisor
