// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/forward_service.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>

#include "core/base/counted.h"
#include "core/dial/dialer.h"
#include "core/dns/dns_query.h"
#include "core/dns/dns_resolver.h"
#include "core/forward/loopback_interface.h"
#include "core/loop/event_loops.h"
#include "core/proxy/proxy.h"
#include "core/rules/allowlist.h"
#include "core/service/process_setup.h"
#include "core/service/run_until_signal.h"
#include "core/service/serve_around.h"
#include "sim/vsock_proxy/proxy_operations.h"

namespace glovebox::vsock_proxy {
namespace {

// Allows only the targets of the ways in.
core::Allowlist allowlist_of(const std::vector<core::ProxyRoute>& ways_in) {
    core::Allowlist allowlist;
    for (const core::ProxyRoute& route : ways_in)
        allowlist.add(core::TargetRule::of(*route.target));
    return allowlist;
}

core::ProxyOptions proxy_options(const core::ForwardOptions& options) {
    core::ProxyOptions proxy;
    proxy.relay = options.relay;
    proxy.grace = options.grace;
    proxy.first_bytes = options.first_bytes;
    proxy.metrics = options.metrics;
    proxy.slots.by_peer = false;  // an enclave's one peer is its parent
    // A connection takes two descriptors, one that waits takes one.
    proxy.slots.open_max =
        std::clamp<std::size_t>(options.connections_max * 4 / 5, 1, proxy.slots.open_max);
    proxy.slots.waiting_max =
        std::clamp<std::size_t>(options.connections_max * 2 / 5, 1, proxy.slots.waiting_max);
    return proxy;
}

// Either of `ways_in` and `out` may be missing.
boost::asio::awaitable<void> run_all(core::Forward& forward, core::Proxy* ways_in,
                                     core::Egress* out, ProxyOperations& operations) {
    using namespace boost::asio::experimental::awaitable_operators;
    if (ways_in != nullptr && out != nullptr)
        co_await (forward.run() && ways_in->run() && out->run());
    else if (ways_in != nullptr)
        co_await (forward.run() && ways_in->run());
    else if (out != nullptr)
        co_await (forward.run() && out->run());
    else
        co_await forward.run();
    operations.close();
}

}  // namespace

int ForwardService::serve(Log& log) const {
    core::ignore_write_signals();
    const core::DescriptorLimit limit = core::raise_descriptor_limit();
    const std::size_t listeners_out = egress ? core::egress_listeners_max(*egress) : 0;
    const std::size_t left = core::without_loops(limit.now, threads);
    const auto budget = core::descriptor_budget(left - std::min(left, listeners_out));
    core::EventLoops loops(threads, {.pipes_max = budget.pipes});
    boost::asio::io_context& context = loops.first();
    const auto executor = context.get_executor();
    const auto through = transports::make_transport(transport, executor, core::cid_parent).value();
    core::ForwardOptions within = options;
    within.connections_max = std::min(within.connections_max, budget.connections);
    core::NameAddresses addresses;
    core::Forward forward(loops.all(), *through, log, within);
    for (const core::ForwardRoute& route : routes)
        forward.listen(route).value();
    // A way in is a proxy whose targets are on this side.
    core::DnsResolver names(executor, {.lookups_max = budget.lookups}, core::lookup_by());
    core::Dialer dialer(allowlist_of(ways_in), names,
                        {.connect_timeout = within.connect_timeout,
                         .resolved = {},
                         .awaits_listeners = true,
                         .metrics = within.metrics});
    core::Proxy inward(loops.all(), *through, dialer, log, proxy_options(within));
    if (!ways_in.empty() && core::bring_loopback_up().value())
        log.info("lo_up", "brought the interface lo up");
    for (const core::ProxyRoute& route : ways_in)
        inward.listen(route).value();
    std::optional<core::Egress> out;
    if (egress)
        out.emplace(executor, *through, addresses, forward, loops.all().front().pipes, log, *egress)
            .listen()
            .value();
    ProxyOperations operations(executor, core::ServiceManager(), within.metrics,
                               loops.all().front().pipes, log);
    if (status)
        operations.serve_status(*status, version, {}).value();
    const std::size_t ports_out = egress ? egress->ports.size() + egress->shared_ports.size() : 0;
    const auto say_ready = [&] {
        log.info("ready", "ready: {}",
                 counted(routes.size() + ways_in.size() + ports_out, "listener"));
        operations.ready("");
    };
    const auto stop = [&] {
        operations.stopping();
        forward.stop();
        inward.stop();
        if (out)
            out->stop();
    };
    auto serving =
        run_all(forward, ways_in.empty() ? nullptr : &inward, out ? &*out : nullptr, operations);
    // The command is somebody's own program.
    if (needs && command.empty())
        core::confine(*needs, log).value();
    const core::LoopThreads others(loops);
    if (!command.empty()) {
        say_ready();
        return core::serve_around(command, limit, context, log, std::move(serving), stop);
    }
    // Once signals are heeded: who learns that this process is ready may end it at once.
    boost::asio::post(context, say_ready);
    core::run_until_signal(context, log, std::move(serving), stop);
    return 0;
}

}  // namespace glovebox::vsock_proxy
