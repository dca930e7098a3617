// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/traffic.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include "core/pipe_pool.h"
#include "core/relay.h"
#include "sim/supervisor/block_signals.h"

namespace glovebox::enclave {
namespace {

namespace asio = boost::asio;

core::Stream make_stream(asio::io_context& context, UniqueFd fd) {
    return core::Stream(context, asio::generic::stream_protocol(AF_UNIX, 0), fd.release());
}

struct Connection {
    core::Stream near;
    core::Stream far;
    core::VsockAddress local;
    core::VsockAddress peer;
};

asio::awaitable<void> count(Connection connection, core::PipePool& pipes, Log& log) {
    const auto began = std::chrono::steady_clock::now();
    log.info("open", "{} and {}: connected", field("address", core::to_string(connection.local)),
             field("peer", core::to_string(connection.peer)), field("cid", connection.peer.cid),
             field("port", connection.local.port));
    core::RelayOptions forever;
    forever.idle_timeout = {};
    const core::RelayResult result =
        co_await core::relay(std::move(connection.near), std::move(connection.far), pipes, forever);
    const std::string local = core::to_string(connection.local);
    const std::string peer = core::to_string(connection.peer);
    log.info("closed", "{} and {}: {}", field("address", local), field("peer", peer),
             core::describe(result, local, peer, std::chrono::steady_clock::now() - began),
             field("cid", connection.peer.cid), field("port", connection.local.port),
             field("bytes", result.first_to_second + result.second_to_first),
             field("bytes_sent", result.second_to_first),
             field("bytes_received", result.first_to_second));
}

}  // namespace

class Traffic::Loop {
  public:
    explicit Loop(Log& log) : log_(log), work_(asio::make_work_guard(context_)) {
        const supervisor::BlockSignals none_for_threads;
        thread_ = std::thread([this] { context_.run(); });
    }
    ~Loop() {
        work_.reset();
        thread_.join();
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void add(UniqueFd near, core::VsockAddress local, UniqueFd far, core::VsockAddress peer) {
        Connection connection{make_stream(context_, std::move(near)),
                              make_stream(context_, std::move(far)), local, peer};
        asio::co_spawn(context_, count(std::move(connection), pipes_, log_), asio::detached);
    }

  private:
    Log& log_;
    asio::io_context context_{1};
    core::PipePool pipes_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

Traffic::Traffic(Log& log) : loop_(std::make_unique<Loop>(log)) {}
Traffic::~Traffic() = default;

void Traffic::relay(UniqueFd near, core::VsockAddress local, UniqueFd far,
                    core::VsockAddress peer) {
    loop_->add(std::move(near), local, std::move(far), peer);
}

}  // namespace glovebox::enclave
