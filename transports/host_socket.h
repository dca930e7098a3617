// SPDX-License-Identifier: Apache-2.0

// A listening Unix socket at a path of any length, with the owner of its directory.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::transports {

// The directory of a path and the last part of the path.
struct PlaceOfSocket {
    UniqueFd directory;
    std::string directory_path;
    std::string name;

    [[nodiscard]] static Result<PlaceOfSocket> of(const std::string& path);
};

// The name of a socket, removed with this object unless another file has it by then. Move-only.
class SocketName {
  public:
    SocketName(SocketName&&) noexcept = default;
    SocketName& operator=(SocketName&&) = delete;
    ~SocketName();

    // It stays when this object ends.
    void keep() { place_.directory.reset(); }

  private:
    friend Result<std::pair<UniqueFd, SocketName>> listen_at(const std::string& path);
    SocketName(PlaceOfSocket place, dev_t device, ino_t file)
        : place_(std::move(place)), device_(device), file_(file) {}

    PlaceOfSocket place_;
    dev_t device_;
    ino_t file_;
};

// A non-blocking socket. Takes a stale name over. Errors: EADDRINUSE if a live socket has it.
[[nodiscard]] Result<std::pair<UniqueFd, SocketName>> listen_at(const std::string& path);

}  // namespace glovebox::transports
