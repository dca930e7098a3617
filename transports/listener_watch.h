// SPDX-License-Identifier: Apache-2.0

// Waiting for a socket of a world to listen, without polling and without connecting to it.
//
// A name appears in the world's directory when a socket is bound, and its mode changes when the
// socket listens (world.h); inotify(7) reports both. A listener that does not come through World
// (socat, a program's own AF_UNIX socket) counts as listening once its name is there.
#pragma once

#include <chrono>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/vsock_address.h"
#include "transports/world.h"

namespace glovebox::transports {

class ListenerWatch {
  public:
    // Watches the world, which outlives it. EMFILE where the user has no inotify instance left.
    [[nodiscard]] static Result<ListenerWatch> make(const World& world);

    // Readable when something has changed in the world since the last forget() or is_listening().
    [[nodiscard]] int fd() const { return inotify_.get(); }

    // Forgets what has been reported so far. Whoever awaits several listeners looks for all of them
    // (World::is_listening) after it.
    void forget();

    // Forgets what has been reported so far and looks: whether a live socket listens at the
    // address.
    [[nodiscard]] bool is_listening(core::VsockAddress address);

    // Waits until a live socket listens at the address; false when `limit` passes first.
    [[nodiscard]] bool wait(core::VsockAddress address, std::chrono::milliseconds limit);

  private:
    ListenerWatch(const World& world, UniqueFd inotify)
        : world_(&world), inotify_(std::move(inotify)) {}

    const World* world_;
    UniqueFd inotify_;
};

}  // namespace glovebox::transports
