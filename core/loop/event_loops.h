// SPDX-License-Identifier: Apache-2.0

// The event loops of a process that serves, and their threads.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <list>
#include <thread>
#include <vector>

#include "core/loop/loop.h"
#include "core/relay/pipe_pool.h"

namespace glovebox::core {

class EventLoops {
  public:
    // `pipes` is for all loops together.
    EventLoops(std::size_t count, PipePoolOptions pipes);

    [[nodiscard]] boost::asio::io_context& first() { return owned_.front().context; }
    [[nodiscard]] const Loops& all() const { return loops_; }

  private:
    friend class LoopThreads;
    struct Owned {
        explicit Owned(PipePoolOptions options) : pipes(options) {}

        PipePool pipes;
        boost::asio::io_context context{1};
    };
    std::list<Owned> owned_;
    Loops loops_;
};

// What `count` loops leave of a limit on open descriptors, whose budget counts one loop.
[[nodiscard]] std::size_t without_loops(std::size_t descriptors, std::size_t count);

// Runs all loops but the first one, which the caller's thread runs, in threads of their own that
// get no signals. Create it after everything that the loops use, and destroy it when the first loop
// has ended: it waits until the other loops have nothing more to do. An exception that leaves the
// scope stops them.
class LoopThreads {
  public:
    explicit LoopThreads(EventLoops& loops);
    ~LoopThreads();
    LoopThreads(const LoopThreads&) = delete;
    LoopThreads& operator=(const LoopThreads&) = delete;

  private:
    void run_to_the_end();

    using Guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

    EventLoops& loops_;
    int exceptions_;  // under way when it was created
    std::vector<Guard> guards_;
    std::vector<std::thread> threads_;
};

}  // namespace glovebox::core
