// SPDX-License-Identifier: Apache-2.0

// One enclave of AWS's nitro-cli as a process of this machine: it is started, its console is
// copied, and it is terminated before the process ends.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "core/base/log.h"
#include "core/service/child_process.h"
#include "sim/nitro/nitro_cli.h"

namespace glovebox::nitro {

struct EnclaveRunOptions {
    RunRequest request;
    // The enclave is ready when it accepts a connection on this vsock port; without one, when it
    // has booted.
    std::optional<std::uint32_t> ready_port;
    std::chrono::milliseconds ready_timeout{};
};

// To the enclave's end, or to SIGTERM, SIGINT or SIGHUP, which terminate it. Returns 128 and the
// signal. Logs "measured" with its PCRs and "ready"; writes a debug enclave's console to standard
// output. Errors: it could not be started or terminated, was not ready in time, or ended by itself:
// nitro-cli does not tell with what status. The enclave has been terminated then.
class EnclaveRun {
  public:
    // `log` outlives it.
    EnclaveRun(boost::asio::io_context& context, NitroCli nitro_cli, EnclaveRunOptions options,
               Log& log);

    [[nodiscard]] boost::asio::awaitable<Result<int>> run();

  private:
    using Time = std::chrono::steady_clock::time_point;

    [[nodiscard]] Result<void> start();
    [[nodiscard]] Result<void> measure();
    [[nodiscard]] Result<void> watch();
    [[nodiscard]] Result<void> open_console();
    [[nodiscard]] boost::asio::awaitable<Result<void>> become_ready();
    [[nodiscard]] boost::asio::awaitable<Result<int>> live();
    [[nodiscard]] boost::asio::awaitable<Result<void>> terminate();
    [[nodiscard]] boost::asio::awaitable<void> close_console();
    // Until something has changed, or at the latest then.
    [[nodiscard]] boost::asio::awaitable<void> next_change(Time at_the_latest);
    [[nodiscard]] bool is_over() const { return has_ended_ || signal_ != 0; }

    boost::asio::io_context& context_;
    NitroCli nitro_cli_;
    EnclaveRunOptions options_;
    Log& log_;
    boost::asio::signal_set signals_;
    boost::asio::posix::stream_descriptor process_;  // of nitro-cli, which ends with the enclave
    boost::asio::steady_timer changed_;
    std::shared_ptr<core::ChildProcess> console_;
    std::optional<RunningEnclave> enclave_;
    bool has_ended_ = false;
    int signal_ = 0;
};

}  // namespace glovebox::nitro
