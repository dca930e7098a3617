// SPDX-License-Identifier: Apache-2.0

// `glovebox inspect` beside a world, from before its first part until its pages have seen its end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/service/child_process.h"
#include "sim/up/timeline.h"

namespace glovebox::up {

class InspectorProcess {
  public:
    using Tell = std::function<void(const TimelineEntry& entry)>;

    // `program` is glovebox, `directory` the world's, which has its events; `pki` is --pki's or
    // empty. `tell` gets what it logs, its address first.
    [[nodiscard]] static Result<InspectorProcess> start(boost::asio::io_context& context,
                                                        const std::string& program,
                                                        const std::string& directory,
                                                        const std::string& pki, Tell tell);

    // Runs the context until `tell` got its address. The error says that it ended before.
    [[nodiscard]] Result<void> await_address(boost::asio::io_context& context);

    // Once the last event is written: waits until it has ended, which it does by itself.
    [[nodiscard]] boost::asio::awaitable<void> finish();

  private:
    explicit InspectorProcess(boost::asio::io_context& context)
        : output_ended_(std::make_unique<boost::asio::steady_timer>(context)),
          is_ready_(std::make_shared<bool>(false)) {}

    std::unique_ptr<boost::asio::steady_timer> output_ended_;  // cancelled then
    std::shared_ptr<bool> is_ready_;                           // it has logged its address
    std::shared_ptr<core::ChildProcess> process_;
};

}  // namespace glovebox::up
