// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/forward_service.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "core/pipe_pool.h"
#include "core/process_setup.h"
#include "core/run_until_signal.h"

namespace glovebox::vsock_proxy {

void ForwardService::serve(Log& log) const {
    core::ignore_sigpipe();
    const auto budget = core::descriptor_budget(core::raise_descriptor_limit());
    boost::asio::io_context context(1);
    const auto through =
        transports::make_transport(transport, context.get_executor(), core::cid_parent).value();
    core::PipePool pipes({.pipes_max = budget.pipes});
    core::ForwardOptions within = options;
    within.connections_max = std::min(within.connections_max, budget.connections);
    core::Forward running(context.get_executor(), *through, pipes, log, within);
    for (const core::ForwardRoute& route : routes)
        running.listen(route).value();
    log.info("ready: {} listeners", routes.size());
    core::run_until_signal(context, log, running.run(), [&] { running.stop(); });
}

}  // namespace glovebox::vsock_proxy
