// SPDX-License-Identifier: Apache-2.0

// The event loops of a server, each run by one thread.
//
// A connection stays on the loop that it was given to, so nothing that belongs to it is locked.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <vector>

#include "core/relay/pipe_pool.h"

namespace glovebox::core {

struct Loop {
    boost::asio::any_io_executor executor;  // not run by several threads at once
    PipePool& pipes;                        // of the relays on this loop
};

// The first one listens, and calls the server's functions. At least one.
using Loops = std::vector<Loop>;

// Closes the idle pipes of all loops, to free their descriptors.
inline void trim_pipes(const Loops& loops) {
    for (const Loop& loop : loops)
        boost::asio::dispatch(loop.executor, [&pipes = loop.pipes] { pipes.trim(); });
}

}  // namespace glovebox::core
