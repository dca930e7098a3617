// SPDX-License-Identifier: Apache-2.0

// The process of a world that has its faults and carries its connections (core/fault/client.h has
// the questions that it answers).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"

namespace glovebox::fault {

class Server {
  public:
    // Listens in the world's directory, whose descriptor this is, and serves when the executor
    // runs, on one thread. An error if another process has the world's faults. `clock`,
    // and `log`, which gets a line for each fault that is set, strikes or is healed, outlive it.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(
        boost::asio::any_io_executor executor, int directory, const Clock& clock, Log& log);
    // Takes the socket away and cuts the connections.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

  private:
    struct State;
    explicit Server(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace glovebox::fault
