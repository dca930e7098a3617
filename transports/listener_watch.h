// SPDX-License-Identifier: Apache-2.0

// Waits until a socket of a world listens, without polling and without connecting to it.
//
// A name appears in the world's directory when a socket is bound, and its mode changes when the
// socket listens (world.h); inotify(7) reports both. A listener that does not come through World
// (socat, a program's own AF_UNIX socket) counts as listening once its name is there.
#pragma once

#include <chrono>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "transports/world.h"

namespace glovebox::transports {

class ListenerWatch {
  public:
    // Watches the world, which outlives it. Errors: EMFILE if the user has no inotify instance
    // left.
    [[nodiscard]] static Result<ListenerWatch> make(const World& world);

    // Readable when something has changed in the world since the last forget() or is_listening().
    [[nodiscard]] int fd() const { return inotify_.get(); }

    // Discards the changes reported so far. To wait for several listeners, call it and then check
    // each of them (World::is_listening).
    void forget();

    // Discards the changes reported so far, and returns whether a live socket listens at the
    // address.
    [[nodiscard]] bool is_listening(core::VsockAddress address);

    // Waits until a live socket listens at the address. Returns false if `limit` passes first.
    [[nodiscard]] bool wait(core::VsockAddress address, std::chrono::milliseconds limit);

  private:
    ListenerWatch(const World& world, UniqueFd inotify)
        : world_(&world), inotify_(std::move(inotify)) {}

    const World* world_;
    UniqueFd inotify_;
};

}  // namespace glovebox::transports
