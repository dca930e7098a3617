// SPDX-License-Identifier: Apache-2.0

// Puts a traffic observer into a connection, unseen by both programs: the two ends keep the names
// that getsockname and getpeername tell.
//
//   program ── near ── observer ── far ── peer
#pragma once

#include <optional>

#include "sim/supervisor/traffic_observer.h"
#include "transports/world.h"

namespace glovebox::supervisor {

// The socket that the program gets in place of an accepted connection. The connection itself if it
// is not a stream or no descriptors are left.
[[nodiscard]] UniqueFd interpose_accepted(TrafficObserver& observer, UniqueFd connection);

// Connects `socket` through the observer: the local address, as World::connect. Nothing where that
// can't be done (nobody listens, it is bound already, it is not a stream, no descriptors are left),
// and then `socket` is as it was.
[[nodiscard]] std::optional<core::VsockAddress> interpose_connect(TrafficObserver& observer,
                                                                  transports::World& world,
                                                                  core::Cid own, int socket,
                                                                  core::VsockAddress target);

}  // namespace glovebox::supervisor
