// SPDX-License-Identifier: Apache-2.0

// For tests: a Transport within one process, made of socketpair(2). Who listens where is a map.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <mutex>

#include "core/stream/transport.h"

namespace glovebox::core {

struct MemoryBacklog;

// The machines that can reach each other. Outlives their transports and listeners, which may be on
// any loops.
class MemoryNetwork {
  public:
    // The next `count` accepts of every listener fail with this errno, and lose nothing.
    void fail_accepts(int count, int errno_value) {
        const std::lock_guard guard(mutex_);
        failures_ = count;
        failure_ = errno_value;
    }
    // While set, connect() gets no answer.
    void stall_connects(bool stall) {
        const std::lock_guard guard(mutex_);
        stalled_ = stall;
    }

    // For listeners, with the mutex locked: the errno of an accept that is to fail, or 0; and the
    // end of one.
    [[nodiscard]] std::mutex& mutex() { return mutex_; }
    [[nodiscard]] int next_failure();
    void remove(VsockAddress address);

  private:
    friend class MemoryTransport;

    std::mutex mutex_;
    std::map<VsockAddress, std::shared_ptr<MemoryBacklog>> listeners_;
    Port next_port_ = 1024;
    int failures_ = 0;
    int failure_ = 0;
    bool stalled_ = false;
};

class MemoryTransport final : public Transport {
  public:
    MemoryTransport(MemoryNetwork& network, Cid own) : network_(network), own_(own) {}

    Result<std::unique_ptr<Listener>> listen(VsockAddress address) override;
    boost::asio::awaitable<Result<Connection>> connect(VsockAddress address,
                                                       std::chrono::milliseconds patience) override;
    [[nodiscard]] Cid local_cid() const override { return own_; }

  private:
    MemoryNetwork& network_;
    Cid own_;
};

// Two connected AF_UNIX streams.
[[nodiscard]] std::pair<Stream, Stream> stream_pair(const boost::asio::any_io_executor& executor);

// Two connected TCP streams on 127.0.0.1.
[[nodiscard]] std::pair<Stream, Stream> tcp_pair(const boost::asio::any_io_executor& executor);

// A connected one as a stream of its executor.
[[nodiscard]] Stream stream_of(boost::asio::ip::tcp::socket socket);

}  // namespace glovebox::core
