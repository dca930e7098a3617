// SPDX-License-Identifier: Apache-2.0

// Sets a world's planned faults when their moments come.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <vector>

#include "core/fault/client.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

class FaultSchedule {
  public:
    // `tell` gets an entry for each fault that can't be set. `faults` outlives it.
    FaultSchedule(boost::asio::any_io_executor executor, const fault::Client& faults,
                  std::vector<PlannedFault> planned,
                  std::function<void(const TimelineEntry&)> tell);

    // The world is ready: sets those of this moment before it returns, and the others later.
    void start();
    void stop() { timer_.cancel(); }

  private:
    void set_due();
    void set(const fault::Fault& fault);

    const fault::Client& faults_;
    std::vector<PlannedFault> planned_;  // by their moments
    std::size_t next_ = 0;
    std::function<void(const TimelineEntry&)> tell_;
    boost::asio::steady_timer timer_;
    std::chrono::steady_clock::time_point begun_;
};

}  // namespace glovebox::up
