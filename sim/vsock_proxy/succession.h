// SPDX-License-Identifier: Apache-2.0

// A proxy's upgrade: on SIGUSR2 this program is started anew and takes the listening sockets over;
// once it is ready, this process lets its connections end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/service/successor.h"

namespace glovebox::vsock_proxy {

class Succession {
  public:
    struct Options {
        std::function<std::vector<core::SharedSocket>()> sockets;
        std::vector<std::pair<std::string, std::string>> variables;  // for the successor
        std::function<void(pid_t successor)> on_taken_over;
    };

    // All outlive it and are used on the executor. A successor that ends before it is ready is
    // logged, and this process goes on.
    Succession(const boost::asio::any_io_executor& executor, Options options, Log& log);

    // Ends its waits, and with them the event loop that has nothing else to do.
    void close();

  private:
    void wait_for_signal();
    void begin();
    void wait_for_successor(pid_t process);
    void on_news(pid_t process);

    Options options_;
    Log& log_;
    boost::asio::signal_set signals_;
    boost::asio::posix::stream_descriptor ready_;
};

}  // namespace glovebox::vsock_proxy
