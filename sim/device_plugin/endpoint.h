// SPDX-License-Identifier: Apache-2.0

// A listening Unix socket in a folder that several programs write to, and who owns its name.
//
// Another program may listen under the name already, delete it (the kubelet does when it starts),
// or put a socket of its own there. So the socket is known by its inode, and removed only as long
// as the name leads to it.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::device_plugin {

class Endpoint {
  public:
    explicit Endpoint(std::filesystem::path path) : path_(std::move(path)) {}
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    ~Endpoint() { close(); }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    // Listens anew, at a name that is free or that a dead program has left. Errors: EADDRINUSE if a
    // running program listens there, ENAMETOOLONG, errno's.
    [[nodiscard]] Result<void> listen();
    // Stops listening, and removes the socket if the name still leads to it.
    void close();

    // Readable when a connection waits.
    [[nodiscard]] int fd() const { return listener_.get(); }
    // The next connection, non-blocking; none if nobody waits any more.
    [[nodiscard]] UniqueFd accept() const;

    enum class Owner { this_one, nobody, another };
    // Where the name leads.
    [[nodiscard]] Owner owner() const;

  private:
    std::filesystem::path path_;
    UniqueFd listener_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace glovebox::device_plugin
