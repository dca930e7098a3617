// SPDX-License-Identifier: Apache-2.0

// The names to which a tree's sockets were bound. No call reports that a socket is closed, and its
// name stays in the world's directory. So names without a socket are removed from time to time, and
// the others when the tree has ended. Used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_set>

#include "core/address/vsock_address.h"
#include "transports/world.h"

namespace glovebox::supervisor {

class BoundNames {
  public:
    BoundNames(core::Cid own, transports::World& world) : own_(own), world_(world) {}
    BoundNames(const BoundNames&) = delete;
    BoundNames& operator=(const BoundNames&) = delete;

    // As World::bind returned it.
    void add(core::VsockAddress address);
    // Removes the names of closed sockets, and returns whether no name is left.
    bool sweep();

  private:
    struct Hash {
        std::size_t operator()(core::VsockAddress address) const {
            return std::hash<std::uint64_t>()(std::uint64_t{address.cid} << 32 | address.port);
        }
    };

    // Servers have a few names; beyond this number, a sweep runs each time their count has doubled.
    static constexpr std::size_t first_sweep = 64;

    core::Cid own_;
    transports::World& world_;
    std::unordered_set<core::VsockAddress, Hash> names_;
    std::size_t next_sweep_ = first_sweep;
};

}  // namespace glovebox::supervisor
