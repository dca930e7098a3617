// SPDX-License-Identifier: Apache-2.0

// The socket options of level AF_VSOCK (linux/vm_sockets.h, SO_VM_SOCKETS_*).
//
// An AF_UNIX socket has other buffers, so these mean nothing for the data; but a program that sets
// one reads it back, with the kernel's limits (af_vsock.c) applied.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

namespace glovebox::supervisor {

struct VsockOptions {
    std::uint64_t buffer_size = 256 * 1024;
    std::uint64_t buffer_min_size = 128;
    std::uint64_t buffer_max_size = 256 * 1024;
    std::chrono::microseconds connect_timeout = std::chrono::seconds(2);

    // As SO_VM_SOCKETS_BUFFER_SIZE, _MIN_SIZE and _MAX_SIZE do: the size stays between the two.
    void set_buffer_size(std::uint64_t size);
    void set_buffer_min_size(std::uint64_t size);
    void set_buffer_max_size(std::uint64_t size);
    // ERANGE for what is not a timeout; zero is the default. In the kernel's ticks of 4 ms.
    [[nodiscard]] int set_connect_timeout(std::int64_t seconds, std::int64_t microseconds);

    bool operator==(const VsockOptions&) const = default;
};

// The options of the sockets where they are not the defaults, by SO_COOKIE. Nobody says when a
// socket is closed, so only the last ones used are kept: options are read soon after they were set.
class VsockOptionTable {
  public:
    // No socket has other options than the defaults.
    [[nodiscard]] bool is_empty();
    [[nodiscard]] VsockOptions get(std::uint64_t cookie);
    void set(std::uint64_t cookie, const VsockOptions& options);

  private:
    static constexpr std::size_t entries_max = 4096;
    struct Entry {
        std::uint64_t cookie;
        VsockOptions options;
    };

    std::mutex mutex_;
    std::list<Entry> recent_;  // the last used first
    std::unordered_map<std::uint64_t, std::list<Entry>::iterator> by_cookie_;
};

}  // namespace glovebox::supervisor
