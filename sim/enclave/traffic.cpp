// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/traffic.h"

#include <fcntl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

#include "core/base/base64.h"
#include "core/relay/first_bytes.h"
#include "core/relay/pipe_pool.h"
#include "core/relay/relay.h"
#include "core/stream/asio_result.h"
#include "sim/supervisor/block_signals.h"

namespace glovebox::enclave {
namespace {

namespace asio = boost::asio;

struct Connection {
    UniqueFd near;
    UniqueFd far;
    core::VsockAddress local;
    core::VsockAddress peer;
};

Result<core::Stream> make_stream(const asio::any_io_executor& executor, UniqueFd socket) {
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return errno_error("fcntl", errno);
    return core::Stream::make(executor, std::move(socket));
}

core::FirstBytes::Tell teller(Log& log, const std::string& local, const std::string& peer,
                              core::Port port, core::Cid cid) {
    return [&log, local, peer, port, cid](const core::FirstBytes::Piece& piece) {
        // The client of the relay is the program.
        const bool is_programs = piece.from == core::FirstBytes::From::client;
        log.info("traffic", "{} and {}: the {} sent {}", field("address", local),
                 field("peer", peer), is_programs ? "program" : "peer", core::describe(piece),
                 field("cid", cid), field("port", port),
                 field("way", is_programs ? "received" : "sent"), field("offset", piece.offset),
                 field("data", to_base64(piece.bytes)));
    };
}

asio::awaitable<void> count(Connection connection, core::PipePool& pipes, std::size_t first_bytes,
                            Log& log) {
    const auto began = std::chrono::steady_clock::now();
    log.info("open", "{} and {}: connected", field("address", core::to_string(connection.local)),
             field("peer", core::to_string(connection.peer)), field("cid", connection.peer.cid),
             field("port", connection.local.port));
    const std::string local = core::to_string(connection.local);
    const std::string peer = core::to_string(connection.peer);
    const auto executor = co_await asio::this_coro::executor;
    auto near = make_stream(executor, std::move(connection.near));
    auto far = make_stream(executor, std::move(connection.far));
    if (!near || !far) {
        log.error("lost", "{} and {}: the connection can't be relayed: {}", field("address", local),
                  field("peer", peer), (near ? far : near).error().message);
        co_return;
    }
    core::FirstBytes first(first_bytes,
                           teller(log, local, peer, connection.local.port, connection.peer.cid));
    core::TrafficCounts counts;
    if (first_bytes > 0)
        counts.first_bytes = &first;
    core::RelayOptions forever;
    forever.idle_timeout = {};
    const core::RelayResult result =
        co_await core::relay(std::move(*near), std::move(*far), pipes, forever, {}, &counts);
    log.info("closed", "{} and {}: {}, {}", field("address", local), field("peer", peer),
             field("end", core::describe_end(result, "program", "peer")),
             core::describe_bytes(result, local, peer, std::chrono::steady_clock::now() - began),
             field("cid", connection.peer.cid), field("port", connection.local.port),
             field("bytes", result.first_to_second + result.second_to_first),
             field("bytes_sent", result.second_to_first),
             field("bytes_received", result.first_to_second));
}

}  // namespace

class Traffic::Loop {
  public:
    Loop(Log& log, std::size_t first_bytes)
        : log_(log), first_bytes_(first_bytes), work_(asio::make_work_guard(context_)) {
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
        Connection connection{std::move(near), std::move(far), local, peer};
        asio::co_spawn(context_, count(std::move(connection), pipes_, first_bytes_, log_),
                       asio::detached);
    }

  private:
    Log& log_;
    std::size_t first_bytes_;
    asio::io_context context_{1};
    core::PipePool pipes_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

Traffic::Traffic(Log& log, std::size_t first_bytes)
    : loop_(std::make_unique<Loop>(log, first_bytes)) {}
Traffic::~Traffic() = default;

void Traffic::relay(UniqueFd near, core::VsockAddress local, UniqueFd far,
                    core::VsockAddress peer) {
    loop_->add(std::move(near), local, std::move(far), peer);
}

}  // namespace glovebox::enclave
