// SPDX-License-Identifier: Apache-2.0

// Counts the bytes of connections on their way (--trace). The log gets a line when a connection
// begins and one when it has ended, and what was carried first where that is asked for.
#pragma once

#include <cstddef>
#include <memory>

#include "core/base/log.h"
#include "sim/supervisor/traffic_observer.h"

namespace glovebox::enclave {

class Traffic final : public supervisor::TrafficObserver {
  public:
    // Starts a thread that relays. Throws ErrorException. `log` outlives it. Of each direction of a
    // connection, `first_bytes` bytes are written into the log, secrets included.
    Traffic(Log& log, std::size_t first_bytes);
    // Waits until all connections have ended, then ends the thread.
    ~Traffic() override;
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    // Relays between the two sockets and counts. May be called from any thread.
    void relay(UniqueFd near, core::VsockAddress local, UniqueFd far, core::VsockAddress peer,
               ConnectedBy connected_by) override;

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace glovebox::enclave
