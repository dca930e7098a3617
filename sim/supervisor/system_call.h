// SPDX-License-Identifier: Apache-2.0

// A system call and its answer, as two values. So a handler can be tested in a table, and another
// way of interception can use the same handlers (if a container's own filter denies AF_VSOCK, no
// notification arrives).
#pragma once

#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

// One system call of one thread, as linux/seccomp.h's struct seccomp_notif reports it.
struct SystemCall {
    std::uint64_t id = 0;            // identifies the waiting call to the kernel
    pid_t thread = 0;                // the caller, in the supervisor's PID namespace
    int number = 0;                  // __NR_*, of `architecture`
    std::uint32_t architecture = 0;  // AUDIT_ARCH_*
    std::array<std::uint64_t, 6> arguments{};

    // Arguments are registers; a C int is their low half, whatever the upper half holds.
    [[nodiscard]] int int_argument(std::size_t index) const {
        return static_cast<int>(static_cast<std::uint32_t>(arguments[index]));
    }
};

// The answer to a system call. It is sent in one place, so that no path can omit it.
class SyscallReply {
  public:
    enum class Kind { pass_through, error, value, install, later };

    // The kernel carries the call out, as without a filter.
    [[nodiscard]] static SyscallReply pass_through() { return SyscallReply(Kind::pass_through, 0); }
    // The call fails with this errno value (positive).
    [[nodiscard]] static SyscallReply error(int errno_value) {
        return SyscallReply(Kind::error, errno_value);
    }
    // Fails with EINPROGRESS; then, not before, those who watch `socket` are woken (wake_writers).
    [[nodiscard]] static SyscallReply in_progress(UniqueFd socket) {
        SyscallReply reply(Kind::error, EINPROGRESS);
        reply.fd_ = std::move(socket);
        return reply;
    }
    [[nodiscard]] static SyscallReply value(std::int64_t value) {
        return SyscallReply(Kind::value, value);
    }
    // The program gets a duplicate of `fd` as its lowest free descriptor, and the call returns that
    // descriptor. A call that is gone leaves nothing behind.
    [[nodiscard]] static SyscallReply install(UniqueFd fd, bool close_on_exec) {
        SyscallReply reply(Kind::install, close_on_exec ? 1 : 0);
        reply.fd_ = std::move(fd);
        return reply;
    }
    // Another part of the supervisor has taken the call and answers it later.
    [[nodiscard]] static SyscallReply later() { return SyscallReply(Kind::later, 0); }

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] int errno_value() const { return static_cast<int>(number_); }
    [[nodiscard]] std::int64_t return_value() const { return number_; }
    [[nodiscard]] bool close_on_exec() const { return number_ != 0; }
    // The descriptor of an install, or the socket of an in_progress; else -1.
    [[nodiscard]] int fd() const { return fd_.get(); }
    // Takes the descriptor back, from a reply that could not be delivered.
    [[nodiscard]] UniqueFd take_fd() { return std::move(fd_); }

  private:
    SyscallReply(Kind kind, std::int64_t number) : kind_(kind), number_(number) {}

    Kind kind_;
    std::int64_t number_;
    UniqueFd fd_;
};

// Not in any header that programs see (linux/errno.h): a call that ends with it is made again after
// the signal handler, or fails with EINTR where the handler was set without SA_RESTART. The kernel
// translates it only for a thread that has a signal pending.
inline constexpr int errno_restart = 512;  // ERESTARTSYS

}  // namespace glovebox::supervisor
