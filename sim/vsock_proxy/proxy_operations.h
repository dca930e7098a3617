// SPDX-License-Identifier: Apache-2.0

// What a proxy's process tells of itself while it runs: its state to the service manager that
// started it, and its numbers to clients of its status address.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/metrics/proxy_metrics.h"
#include "core/relay/pipe_pool.h"
#include "core/service/service_manager.h"
#include "core/service/status_server.h"
#include "core/service/successor.h"
#include "sim/vsock_proxy/allowlist_reload.h"

namespace glovebox::vsock_proxy {

class ProxyOperations {
  public:
    // All outlive it and are used on the executor.
    ProxyOperations(const boost::asio::any_io_executor& executor, core::ServiceManager manager,
                    std::shared_ptr<core::ProxyMetrics> metrics, core::PipePool& pipes, Log& log);

    // Serves /metrics, /healthz and, where only this machine reaches the address, /connections.
    // `version` is this program's, and `inherited` a socket that listens there already, or none.
    // Errors: errno's.
    [[nodiscard]] Result<void> serve_status(const core::StatusAddress& address, std::string version,
                                            UniqueFd inherited);

    // Everything listens. `what` is the status line that the service manager shows.
    void ready(std::string_view what);
    void reloading(AllowlistReload::Step step);
    void stopping();

    // For a successor: its variables, and the socket of the status beside the others.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> variables() const {
        return manager_.variables();
    }
    [[nodiscard]] std::vector<core::SharedSocket> share(std::vector<core::SharedSocket> others);
    // The successor is the service from now on, and is asked for the status.
    void replaced_by(pid_t successor);

    // Ends its waits, and with them the event loop that has nothing else to do.
    void close();

  private:
    void watch();

    boost::asio::any_io_executor executor_;
    core::ServiceManager manager_;
    std::shared_ptr<core::ProxyMetrics> metrics_;
    core::PipePool& pipes_;
    Log& log_;
    std::string what_;
    bool is_replaced_ = false;
    boost::asio::steady_timer alive_;
    std::unique_ptr<core::StatusServer> status_;
};

}  // namespace glovebox::vsock_proxy
