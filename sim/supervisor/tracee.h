// SPDX-License-Identifier: Apache-2.0

// The thread that waits for an answer: its memory, its descriptors, its network.
//
// An interface, so that handlers are tested against a fake. The kernel's own answers are passed on:
// EFAULT for an address that is not mapped, EBADF for a descriptor that is not open. EPERM means
// that the supervisor may not look into the program, which made itself undumpable
// (PR_SET_DUMPABLE 0, or a binary that may be executed but not read).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"
#include "sim/supervisor/system_call.h"

namespace glovebox::supervisor {

class Tracee {
  public:
    virtual ~Tracee() = default;

    // Reads as many bytes as are mapped, up to out.size(); EFAULT when the first one is not.
    [[nodiscard]] virtual OrErrno<std::size_t> read_some(std::uint64_t address,
                                                         std::span<std::uint8_t> out) = 0;
    // Writes all or says EFAULT. What the program itself may not write stays as it is.
    [[nodiscard]] virtual int write(std::uint64_t address, std::span<const std::uint8_t> bytes) = 0;
    // One after the other, up to the first byte that is not mapped: how many bytes those were.
    struct Source {
        std::uint64_t address;
        std::span<std::uint8_t> out;
    };
    [[nodiscard]] virtual OrErrno<std::size_t> read_some(std::span<const Source> sources);
    // One after the other. After EFAULT those before the first that can't be written are there.
    struct Target {
        std::uint64_t address;
        std::span<const std::uint8_t> bytes;
    };
    [[nodiscard]] virtual int write(std::span<const Target> targets);
    // Whether its descriptor and one of this process are the same open file. False also where that
    // can't be found out.
    [[nodiscard]] virtual bool is_same_file(int fd, int own) = 0;
    // A duplicate of one of its descriptors, close-on-exec in the supervisor.
    [[nodiscard]] virtual OrErrno<UniqueFd> descriptor(int fd) = 0;
    // socket(AF_UNIX, type | SOCK_CLOEXEC, 0), made in the network namespace that the thread is in.
    [[nodiscard]] virtual OrErrno<UniqueFd> make_socket(int type) = 0;
    // The call still waits, so what was read since it was received is the caller's.
    [[nodiscard]] virtual bool is_waiting() = 0;

    // All of `out`: 0, or EFAULT or EPERM.
    [[nodiscard]] int read(std::uint64_t address, std::span<std::uint8_t> out);
    // A path as the kernel reads it, without its terminator; ENAMETOOLONG from 4096 bytes.
    [[nodiscard]] OrErrno<std::string> read_path(std::uint64_t address);

    template <class T>
    [[nodiscard]] OrErrno<T> read_value(std::uint64_t address) {
        T value;
        if (const int error =
                read(address, {reinterpret_cast<std::uint8_t*>(&value), sizeof value}))
            return Errno{error};
        return value;
    }
    template <class T>
    [[nodiscard]] int write_value(std::uint64_t address, const T& value) {
        return write(address, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
    }
};

// Answers 0 with `value` at an address of the program, or the errno value of writing there.
template <class T>
[[nodiscard]] SyscallReply give(Tracee& tracee, std::uint64_t address, const T& value) {
    const int error = tracee.write_value(address, value);
    return error == 0 ? SyscallReply::value(0) : SyscallReply::error(error);
}

// For those who answer a call later, from another thread.
using TraceeMaker = std::function<std::unique_ptr<Tracee>(const SystemCall&)>;

}  // namespace glovebox::supervisor
