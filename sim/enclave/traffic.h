// SPDX-License-Identifier: Apache-2.0

// The bytes of connections, counted on their way (--trace): one line when a connection begins and
// one when it has ended.
#pragma once

#include <memory>

#include "core/base/log.h"
#include "sim/supervisor/traffic_observer.h"

namespace glovebox::enclave {

class Traffic final : public supervisor::TrafficObserver {
  public:
    // Starts a thread that relays. Throws ErrorException. `log` outlives it.
    explicit Traffic(Log& log);
    // Waits for what is on its way, then ends the thread.
    ~Traffic() override;
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    void relay(UniqueFd near, core::VsockAddress local, UniqueFd far,
               core::VsockAddress peer) override;

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace glovebox::enclave
