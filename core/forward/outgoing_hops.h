// SPDX-License-Identifier: Apache-2.0

// The hops to the relays that a forwarder connects to, each with a channel for resets where the
// relay accepts one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>

#include "core/address/vsock_address.h"
#include "core/loop/connections.h"
#include "core/loop/loop.h"
#include "core/loop/loop_condition.h"
#include "core/relay/hop_resets.h"
#include "core/stream/transport.h"

namespace glovebox::core {

class OutgoingHops {
  public:
    // Asks for a channel with at most this patience. Channels are among `channels`. All outlive the
    // hops.
    OutgoingHops(Transport& transport, Connections& channels, std::chrono::milliseconds patience)
        : transport_(transport), channels_(channels), patience_(patience) {}

    // The hop to that address, from any loop. Ask for a channel if it has none, before you connect.
    [[nodiscard]] std::shared_ptr<HopResets> find(VsockAddress address);

    // Asks for a channel, unless somebody did a short while ago; `loop` is the caller's.
    [[nodiscard]] boost::asio::awaitable<void> ask(VsockAddress address, const Loop& loop);

  private:
    struct Hop {
        std::shared_ptr<HopResets> resets = std::make_shared<HopResets>();
        bool asking = false;
        std::chrono::steady_clock::time_point ask_again{};
    };

    Transport& transport_;
    Connections& channels_;
    std::chrono::milliseconds patience_;
    std::mutex mutex_;
    std::map<VsockAddress, Hop> hops_;
    LoopCondition asked_;  // a hop has been asked
};

}  // namespace glovebox::core
