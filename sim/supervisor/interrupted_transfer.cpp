// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/interrupted_transfer.h"

#if defined(__x86_64__)

#include <limits.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

#include "sim/supervisor/process_memory.h"
#include "sim/supervisor/ptrace_calls.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

// Reads an array of another process's memory whole.
template <class T>
bool read_array(pid_t thread, std::uint64_t address, std::span<T> values) {
    const std::span bytes(reinterpret_cast<std::uint8_t*>(values.data()), values.size_bytes());
    const auto read = read_process_memory(thread, address, bytes);
    return read && *read == bytes.size();
}

}  // namespace

bool ends_for_any_signal(std::uint64_t number) {
    switch (number) {
        // Sockets with SO_RCVTIMEO or SO_SNDTIMEO.
        case SYS_read:
        case SYS_readv:
        case SYS_recvfrom:
        case SYS_recvmsg:
        case SYS_recvmmsg:
        case SYS_write:
        case SYS_writev:
        case SYS_sendto:
        case SYS_sendmsg:
        case SYS_sendmmsg:
        case SYS_epoll_wait:
        case SYS_epoll_pwait:
        case SYS_epoll_pwait2:
        case SYS_semop:
        case SYS_semtimedop:
        case SYS_rt_sigtimedwait:
            return true;
        default:
            return false;
    }
}

std::optional<InterruptedTransfer> InterruptedTransfer::of(pid_t thread,
                                                           const user_regs_struct& returning,
                                                           unsigned filters) {
    if (static_cast<std::int64_t>(returning.rax) <= 0)
        return std::nullopt;
    InterruptedTransfer transfer(returning);
    if (!transfer.find_parts(thread, filters))
        return std::nullopt;
    transfer.drop_moved(returning.rax);
    if (transfer.parts_.empty())
        return std::nullopt;
    return transfer;
}

bool InterruptedTransfer::find_parts(pid_t thread, unsigned filters) {
    next_ = registers_;
    next_.rip -= syscall_bytes;
    next_.rax = registers_.orig_rax;
    next_.orig_rax = no_restart;
    const auto& call = registers_;
    // Those of several buffers go on with one at a time.
    const auto use = [&](std::uint64_t number, std::uint64_t flags) {
        const auto status = read_thread_status(thread);
        next_.rax = number;
        next_.r10 = flags;
        next_.r8 = next_.r9 = 0;
        return status && status->filters == filters;
    };
    const auto use_message = [&](std::uint64_t number) {
        msghdr message{};
        return use(number, call.rdx) && read_array(thread, call.rsi, std::span(&message, 1)) &&
               read_vector(thread, reinterpret_cast<std::uint64_t>(message.msg_iov),
                           message.msg_iovlen);
    };
    switch (call.orig_rax) {
        case SYS_recvfrom:
            parts_ = {{call.rsi, call.rdx}};
            return (call.r10 & MSG_WAITALL) != 0 && (call.r10 & (MSG_PEEK | MSG_TRUNC)) == 0;
        case SYS_recvmsg:
            return (call.rdx & MSG_WAITALL) != 0 && (call.rdx & (MSG_PEEK | MSG_TRUNC)) == 0 &&
                   use_message(SYS_recvfrom);
        case SYS_write:
        case SYS_sendto:
            parts_ = {{call.rsi, call.rdx}};
            return true;
        case SYS_writev:
            return use(SYS_write, 0) && read_vector(thread, call.rsi, call.rdx);
        case SYS_sendmsg:
            return use_message(SYS_sendto);
        case SYS_sendfile:
            address_ = nullptr;  // it keeps the place itself
            bytes_ = &user_regs_struct::r10;
            parts_ = {{0, call.r10}};
            return true;
        default:
            return false;
    }
}

bool InterruptedTransfer::read_vector(pid_t thread, std::uint64_t address, std::uint64_t count) {
    if (count > IOV_MAX)
        return false;
    std::vector<iovec> vector(count);
    if (!read_array(thread, address, std::span(vector)))
        return false;
    for (const iovec& one : vector)
        parts_.push_back({reinterpret_cast<std::uint64_t>(one.iov_base), one.iov_len});
    return true;
}

void InterruptedTransfer::drop_moved(std::uint64_t bytes) {
    while (!parts_.empty() && bytes >= parts_.front().bytes) {
        bytes -= parts_.front().bytes;
        parts_.erase(parts_.begin());
    }
    if (parts_.empty())
        return;
    parts_.front().address += bytes;
    parts_.front().bytes -= bytes;
}

bool InterruptedTransfer::begin_part(pid_t thread) const {
    user_regs_struct registers = next_;
    if (address_ != nullptr)
        registers.*address_ = parts_.front().address;
    registers.*bytes_ = parts_.front().bytes;
    return move_registers(PTRACE_SETREGSET, thread, registers);
}

bool InterruptedTransfer::end_part(pid_t thread) {
    user_regs_struct registers{};
    if (!move_registers(PTRACE_GETREGSET, thread, registers))
        return false;
    // Nothing more for now, or an end: the call returns what it has, as it does without a signal.
    const auto moved = static_cast<std::int64_t>(registers.rax);
    if (moved <= 0)
        return false;
    registers_.rax += registers.rax;
    const bool is_whole = registers.rax >= parts_.front().bytes;
    drop_moved(registers.rax);
    return is_whole && !parts_.empty();
}

void InterruptedTransfer::finish(pid_t thread) const {
    user_regs_struct registers = registers_;
    (void)move_registers(PTRACE_SETREGSET, thread, registers);
}

}  // namespace glovebox::supervisor

#endif
