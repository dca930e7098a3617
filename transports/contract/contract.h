// SPDX-License-Identifier: Apache-2.0

// The contract of core::Transport as tests, to be run over every backend: link it and write
//
//   INSTANTIATE_TEST_SUITE_P(OverUnix, TransportContract, testing::Values(Backend{...}));
//
// "Behaves like vsock" means: passes these.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "core/stream/transport.h"
#include "transports/contract/machine.h"

namespace glovebox::transports {

class TransportContract : public testing::TestWithParam<Backend> {
  protected:
    // Ports that no other test of this machine has: contract tests of one process follow each
    // other.
    static constexpr core::Port port = 45'005;

    TransportContract();

    // Runs a coroutine to its end; one that takes longer than `deadline` fails the test.
    void run(boost::asio::awaitable<void> coroutine,
             std::chrono::seconds deadline = std::chrono::seconds(120));

    [[nodiscard]] std::unique_ptr<core::Listener> listen(core::Port at = port);
    // Dials, and accepts what was dialled.
    struct Pair {
        core::Connection dialled;
        core::Connection accepted;
    };
    [[nodiscard]] boost::asio::awaitable<Pair> connect_pair(core::Listener& listener);
    // As the acceptor sees the dialling side.
    [[nodiscard]] core::VsockAddress seen(const core::Connection& dialled) const;
    [[nodiscard]] boost::asio::awaitable<Result<core::Connection>> dial(core::Port at = port);

    boost::asio::io_context io_;  // first, so that it goes last
    std::unique_ptr<Machine> machine_;
    std::unique_ptr<core::Transport> listening_;
    std::unique_ptr<core::Transport> dialling_;
};

}  // namespace glovebox::transports
