// SPDX-License-Identifier: Apache-2.0

// What a proxy's process tells of itself while it runs: its state to the service manager that
// started it, and its numbers to whoever asks at its status address.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/metrics/proxy_metrics.h"
#include "core/metrics/status_server.h"
#include "core/pipe_pool.h"
#include "core/service/service_manager.h"
#include "sim/vsock_proxy/allowlist_reload.h"

namespace glovebox::vsock_proxy {

class ProxyOperations {
  public:
    // All outlive it and are used on the executor.
    ProxyOperations(const boost::asio::any_io_executor& executor, core::ServiceManager manager,
                    std::shared_ptr<core::ProxyMetrics> metrics, core::PipePool& pipes, Log& log);

    // Serves /metrics, /healthz and, where only this machine reaches the address, /connections.
    // `version` is this program's. Errors: errno's.
    [[nodiscard]] Result<void> serve_status(const core::StatusAddress& address,
                                            std::string version);

    // Everything listens. `what` is for a person who asks the service manager.
    void ready(std::string_view what);
    void reloading(AllowlistReload::Step step);
    void stopping();

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
    boost::asio::steady_timer alive_;
    std::unique_ptr<core::StatusServer> status_;
};

}  // namespace glovebox::vsock_proxy
