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
#include "core/base/signals_blocked.h"
#include "core/relay/first_bytes.h"
#include "core/relay/pipe_pool.h"
#include "core/relay/relay.h"
#include "core/stream/asio_result.h"

namespace glovebox::enclave {
namespace {

namespace asio = boost::asio;

struct Connection {
    UniqueFd near;
    UniqueFd far;
    core::VsockAddress local;
    core::VsockAddress peer;
    bool is_outgoing;
};

// A connection as all logs name one: `peer` is who connected, and `address` the end that was
// connected to (docs/logs.md).
struct Ends {
    explicit Ends(const Connection& connection)
        : is_outgoing(connection.is_outgoing),
          peer(core::to_string(is_outgoing ? connection.local : connection.peer)),
          address(core::to_string(is_outgoing ? connection.peer : connection.local)),
          cid(connection.peer.cid),
          port((is_outgoing ? connection.peer : connection.local).port) {}

    // The program's end, and then the other one.
    [[nodiscard]] Field<std::string_view> first() const {
        return is_outgoing ? field("peer", peer) : field("address", address);
    }
    [[nodiscard]] Field<std::string_view> second() const {
        return is_outgoing ? field("address", address) : field("peer", peer);
    }

    bool is_outgoing;
    std::string peer;
    std::string address;
    core::Cid cid;    // the other side's
    core::Port port;  // that was connected to
};

Result<core::Stream> make_stream(const asio::any_io_executor& executor, UniqueFd socket) {
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return errno_error("fcntl", errno);
    return core::Stream::make(executor, std::move(socket));
}

core::FirstBytes::Tell teller(Log& log, const Ends& ends) {
    return [&log, ends](const core::FirstBytes::Piece& piece) {
        // The client of the relay is the program.
        const bool is_programs = piece.from == core::FirstBytes::From::client;
        log.info("traffic", "{} and {}: the {} sent {}", ends.first(), ends.second(),
                 is_programs ? "program" : "peer", core::describe(piece), field("cid", ends.cid),
                 field("port", ends.port),
                 field("way", is_programs == ends.is_outgoing ? "sent" : "received"),
                 field("offset", piece.offset), field("data", to_base64(piece.bytes)));
    };
}

asio::awaitable<void> count(Connection connection, core::PipePool& pipes, std::size_t first_bytes,
                            Log& log) {
    const auto began = std::chrono::steady_clock::now();
    const Ends ends(connection);
    log.info("open", "{} and {}: connected", ends.first(), ends.second(), field("cid", ends.cid),
             field("port", ends.port));
    const std::string local = core::to_string(connection.local);
    const std::string peer = core::to_string(connection.peer);
    const auto executor = co_await asio::this_coro::executor;
    auto near = make_stream(executor, std::move(connection.near));
    auto far = make_stream(executor, std::move(connection.far));
    if (!near || !far) {
        log.error("lost", "{} and {}: the connection can't be relayed: {}", ends.first(),
                  ends.second(), (near ? far : near).error().message);
        co_return;
    }
    core::FirstBytes first(first_bytes, teller(log, ends));
    core::TrafficCounts counts;
    if (first_bytes > 0)
        counts.first_bytes = &first;
    core::RelayOptions forever;
    forever.idle_timeout = {};
    const core::RelayResult result =
        co_await core::relay(std::move(*near), std::move(*far), pipes, forever, {}, &counts);
    const auto of_program = result.first_to_second;
    const auto of_peer = result.second_to_first;
    log.info("closed", "{} and {}: {}, {}", ends.first(), ends.second(),
             field("end", core::describe_end(result, "program", "peer")),
             core::describe_bytes(result, local, peer, std::chrono::steady_clock::now() - began),
             field("cid", ends.cid), field("port", ends.port), field("bytes", of_program + of_peer),
             field("bytes_sent", ends.is_outgoing ? of_program : of_peer),
             field("bytes_received", ends.is_outgoing ? of_peer : of_program));
}

}  // namespace

class Traffic::Loop {
  public:
    Loop(Log& log, std::size_t first_bytes)
        : log_(log), first_bytes_(first_bytes), work_(asio::make_work_guard(context_)) {
        const SignalsBlocked none_for_threads;
        thread_ = std::thread([this] { context_.run(); });
    }
    ~Loop() {
        work_.reset();
        thread_.join();
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void add(Connection connection) {
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

void Traffic::relay(UniqueFd near, core::VsockAddress local, UniqueFd far, core::VsockAddress peer,
                    ConnectedBy connected_by) {
    loop_->add(
        {std::move(near), std::move(far), local, peer, connected_by == ConnectedBy::program});
}

}  // namespace glovebox::enclave
