// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/process_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {
namespace {

// Nobody reads or writes more at a time.
constexpr std::size_t pieces_max = 4;

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

OrErrno<std::size_t> read_process_memory(pid_t thread, std::span<const Tracee::Source> sources) {
    std::array<iovec, pieces_max> local{};
    std::array<iovec, pieces_max> there{};
    std::size_t count = 0;
    for (const auto& [address, out] : sources.first(std::min(sources.size(), pieces_max))) {
        local[count] = {out.data(), out.size()};
        there[count++] = remote(address, out.size());
    }
    const ssize_t bytes = ::process_vm_readv(thread, local.data(), count, there.data(), count, 0);
    if (bytes > 0)
        return static_cast<std::size_t>(bytes);
    if (bytes < 0 && (errno == ENOSYS || errno == EPERM))
        return read_memory_file(thread, sources.front().address, sources.front().out);
    return Errno{bytes == 0 ? EFAULT : errno};
}

OrErrno<std::size_t> read_process_memory(pid_t thread, std::uint64_t address,
                                         std::span<std::uint8_t> out) {
    const Tracee::Source source{address, out};
    return out.empty() ? OrErrno<std::size_t>(0U) : read_process_memory(thread, {&source, 1});
}

int write_process_memory(pid_t thread, std::span<const Tracee::Target> targets) {
    std::array<iovec, pieces_max> local{};
    std::array<iovec, pieces_max> there{};
    std::size_t count = 0;
    std::size_t wanted = 0;
    for (const auto& [address, bytes] : targets.first(std::min(targets.size(), pieces_max))) {
        local[count] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        there[count++] = remote(address, bytes.size());
        wanted += bytes.size();
    }
    if (wanted == 0)
        return 0;
    const ssize_t written =
        ::process_vm_writev(thread, local.data(), count, there.data(), count, 0);
    if (written < 0)
        return errno;
    return static_cast<std::size_t>(written) == wanted ? 0 : EFAULT;
}

int write_process_memory(pid_t thread, std::uint64_t address, std::span<const std::uint8_t> bytes) {
    const Tracee::Target target{address, bytes};
    return write_process_memory(thread, {&target, 1});
}

}  // namespace glovebox::supervisor
