// The thread that waits for an answer: its memory, its descriptors, its networks.
//
// An interface, so that handlers are tested against a fake. The kernel's own answers are passed on:
// EFAULT for an address that is not mapped, EBADF for a descriptor that is not open. EPERM means
// that the program made itself undumpable (PR_SET_DUMPABLE 0, or a binary that may be executed but
// not read) and that the supervisor lacks the privilege to look into it all the same.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "core/base/unique_fd.h"
#include "sim/supervisor/errno_result.h"

namespace glovebox::supervisor {

class Tracee {
  public:
    virtual ~Tracee() = default;

    [[nodiscard]] virtual pid_t thread() const = 0;

    // Reads as many bytes as are mapped, up to out.size(); EFAULT when the first one is not.
    [[nodiscard]] virtual OrErrno<std::size_t> read_some(std::uint64_t address,
                                                         std::span<std::uint8_t> out) = 0;
    // Writes all or says EFAULT; pages that the program may not write stay as they are.
    [[nodiscard]] virtual int write(std::uint64_t address, std::span<const std::uint8_t> bytes) = 0;
    // A duplicate of one of its descriptors, close-on-exec in the supervisor.
    [[nodiscard]] virtual OrErrno<UniqueFd> descriptor(int fd) = 0;
    // A socket, non-blocking and close-on-exec as `type` says, made in the network namespace that
    // the thread is in.
    [[nodiscard]] virtual OrErrno<UniqueFd> make_socket(int domain, int type) = 0;
    // The call still waits, so what was read since it was received is the caller's.
    [[nodiscard]] virtual bool is_waiting() = 0;

    // All of out, or EFAULT.
    [[nodiscard]] int read(std::uint64_t address, std::span<std::uint8_t> out);

    template <class T>
    [[nodiscard]] OrErrno<T> read_value(std::uint64_t address) {
        T value;
        if (const int error = read(address, {reinterpret_cast<std::uint8_t*>(&value), sizeof value}))
            return Errno{error};
        return value;
    }
    template <class T>
    [[nodiscard]] int write_value(std::uint64_t address, const T& value) {
        return write(address, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
    }
};

// pidfds of threads, kept between calls: pidfd_open is most of what looking at a descriptor costs.
// A pidfd names one thread for ever, so a reused thread id can't be mistaken. Safe from any thread.
class PidfdCache {
  public:
    // A duplicate of descriptor `fd` of `thread`.
    [[nodiscard]] OrErrno<UniqueFd> duplicate(pid_t thread, int fd);

  private:
    [[nodiscard]] OrErrno<int> open(pid_t thread);

    // A descriptor each; programs with more threads than that in vsock calls only lose speed.
    static constexpr std::size_t entries_max = 256;

    std::mutex mutex_;
    std::unordered_map<pid_t, UniqueFd> pidfds_;
};

}  // namespace glovebox::supervisor
