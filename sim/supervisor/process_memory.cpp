// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/process_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {
namespace {

iovec remote(std::uint64_t address, std::size_t length) {
    // Another process's address: never followed here.
    const auto number = static_cast<std::uintptr_t>(address);
    return {reinterpret_cast<void*>(number), length};  // NOLINT(performance-no-int-to-ptr)
}

// Kernels without CONFIG_CROSS_MEMORY_ATTACH, and container filters that deny the calls, leave the
// file. It is opened read-only: written through it, memory changes that the program itself may not
// write.
OrErrno<std::size_t> read_memory_file(pid_t thread, std::uint64_t address,
                                      std::span<std::uint8_t> out) {
    const UniqueFd file(::open(fmt::format("/proc/{}/mem", thread).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return Errno{EPERM};
    const ssize_t bytes = ::pread(file.get(), out.data(), out.size(), static_cast<off_t>(address));
    if (bytes <= 0)
        return Errno{EFAULT};
    return static_cast<std::size_t>(bytes);
}

}  // namespace

OrErrno<std::size_t> read_process_memory(pid_t thread, std::uint64_t address,
                                         std::span<std::uint8_t> out) {
    const iovec local{out.data(), out.size()};
    const iovec there = remote(address, out.size());
    const ssize_t bytes = ::process_vm_readv(thread, &local, 1, &there, 1, 0);
    if (bytes > 0 || out.empty())
        return static_cast<std::size_t>(bytes);
    if (bytes < 0 && (errno == ENOSYS || errno == EPERM))
        return read_memory_file(thread, address, out);
    return Errno{bytes == 0 ? EFAULT : errno};
}

int write_process_memory(pid_t thread, std::uint64_t address, std::span<const std::uint8_t> bytes) {
    if (bytes.empty())
        return 0;
    const iovec local{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    const iovec there = remote(address, bytes.size());
    const ssize_t written = ::process_vm_writev(thread, &local, 1, &there, 1, 0);
    if (written < 0)
        return errno;
    return static_cast<std::size_t>(written) == bytes.size() ? 0 : EFAULT;
}

}  // namespace glovebox::supervisor
