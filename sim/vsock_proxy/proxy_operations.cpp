// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/proxy_operations.h"

#include <utility>

#include "core/metrics/process_metrics.h"

namespace glovebox::vsock_proxy {
namespace {

using core::PrometheusText;
using core::ProxyMetrics;
using core::StatusPage;

std::string metrics_page(const ProxyMetrics& metrics, const std::string& version) {
    PrometheusText text;
    text.begin("glovebox_build_info", "gauge", "The version of this program.");
    text.sample(1, {{"version", version}});
    core::write_process_metrics(text);
    return text.take() + metrics.text();
}

StatusPage health_page(const ProxyMetrics& metrics) {
    constexpr int service_unavailable = 503;
    switch (metrics.life()) {
        case ProxyMetrics::Life::starting:
            return {.status = service_unavailable, .body = "starting\n"};
        case ProxyMetrics::Life::ready:
            return {.body = "ready\n"};
        case ProxyMetrics::Life::draining:
            break;
    }
    return {.status = service_unavailable, .body = "draining\n"};
}

}  // namespace

ProxyOperations::ProxyOperations(const boost::asio::any_io_executor& executor,
                                 core::ServiceManager manager,
                                 std::shared_ptr<ProxyMetrics> metrics, core::PipePool& pipes,
                                 Log& log)
    : executor_(executor),
      manager_(std::move(manager)),
      metrics_(std::move(metrics)),
      pipes_(pipes),
      log_(log),
      alive_(executor) {}

Result<void> ProxyOperations::serve_status(const core::StatusAddress& address, std::string version,
                                           UniqueFd inherited) {
    core::StatusPages pages{{"/healthz", [metrics = metrics_] { return health_page(*metrics); }},
                            {"/metrics", [metrics = metrics_, version = std::move(version)] {
                                 return StatusPage{.content_type = PrometheusText::content_type,
                                                   .body = metrics_page(*metrics, version)};
                             }}};
    if (core::is_local(address))
        pages["/connections"] = [metrics = metrics_] {
            return StatusPage{.content_type = "application/json",
                              .body = metrics->connections_as_json()};
        };
    auto server = core::StatusServer::start(executor_, address, std::move(pages), pipes_, log_,
                                            std::move(inherited));
    if (!server)
        return std::move(server.error()).in("--status");
    status_ = std::move(*server);
    log_.info("status", "status at {}: /metrics, /healthz",
              field("address", core::to_string(status_->local())));
    if (!core::is_local(address))
        log_.warning("status",
                     "whoever reaches {} reads the numbers of this proxy: a port of 127.0.0.1 or a "
                     "Unix socket keeps them on this machine",
                     field("address", core::to_string(status_->local())));
    return {};
}

void ProxyOperations::ready(std::string_view what) {
    what_ = what;
    metrics_->set_life(ProxyMetrics::Life::ready);
    manager_.tell_ready(what_);
    watch();
}

void ProxyOperations::reloading(AllowlistReload::Step step) {
    if (step == AllowlistReload::Step::begins)
        return manager_.tell_reloading();
    metrics_->count_reload(step == AllowlistReload::Step::succeeded);
    manager_.tell_ready(what_);
}

void ProxyOperations::stopping() {
    metrics_->set_life(ProxyMetrics::Life::draining);
    if (!is_replaced_)
        manager_.tell_stopping();
}

std::vector<core::SharedSocket> ProxyOperations::share(std::vector<core::SharedSocket> others) {
    if (status_)
        others.push_back({status_->share(), "status"});
    return others;
}

void ProxyOperations::replaced_by(pid_t successor) {
    manager_.tell_main_process(successor);
    is_replaced_ = true;
    close();
}

void ProxyOperations::close() {
    alive_.cancel();
    if (status_)
        status_->close();
}

// From the loop that accepts: a process whose loop hangs is not alive.
void ProxyOperations::watch() {
    const auto interval = manager_.alive_interval();
    if (!interval)
        return;
    manager_.tell_alive();
    alive_.expires_after(*interval);
    alive_.async_wait([this](const boost::system::error_code& failure) {
        if (!failure)
            watch();
    });
}

}  // namespace glovebox::vsock_proxy
