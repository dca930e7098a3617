// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/proxy_service.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <optional>
#include <utility>

#include "core/address/proxy_error.h"
#include "core/base/contradiction.h"
#include "core/base/counted.h"
#include "core/loop/event_loops.h"
#include "core/service/process_setup.h"
#include "core/service/run_until_signal.h"
#include "core/service/serve_around.h"
#include "sim/vsock_proxy/proxy_operations.h"
#include "sim/vsock_proxy/succession.h"
#include "transports/inherited_listeners.h"

namespace glovebox::vsock_proxy {

namespace {

boost::asio::awaitable<void> run(core::Proxy& proxy, ProxyOperations& operations) {
    co_await proxy.run();
    operations.close();
}

}  // namespace

int ProxyService::serve(Log& log, const std::function<std::string()>& ready) {
    core::ignore_write_signals();
    const core::DescriptorLimit limit = core::raise_descriptor_limit();
    const auto budget = core::descriptor_budget(core::without_loops(limit.now, threads));
    core::EventLoops loops(threads, {.pipes_max = budget.pipes});
    boost::asio::io_context& context = loops.first();
    if (!inherited)
        inherited = std::make_shared<core::InheritedSockets>();
    const auto to = std::make_unique<transports::InheritedListeners>(
        context.get_executor(),
        transports::make_transport(transport, context.get_executor(), core::cid_parent).value(),
        inherited, transport.guests);
    resolver.lookups_max = std::min(resolver.lookups_max, budget.lookups);
    core::DnsResolver names(context.get_executor(), std::move(resolver), std::move(lookup));
    // A connection takes two descriptors, one that waits takes one.
    proxy.slots.open_max =
        std::clamp<std::size_t>(budget.connections * 4 / 5, 1, proxy.slots.open_max);
    proxy.slots.waiting_max =
        std::clamp<std::size_t>(budget.connections * 2 / 5, 1, proxy.slots.waiting_max);
    dialer.attempts_max = core::attempts_within(budget, proxy.slots.open_max,
                                                proxy.slots.waiting_max, dialer.attempts_max);
    const auto metrics = proxy.metrics;
    dialer.metrics = metrics;
    core::Dialer way_out(std::move(allowlist), names, std::move(dialer));
    core::Proxy running(loops.all(), *to, way_out, log, proxy);
    for (core::ProxyRoute& route : routes)
        running.listen(std::move(route)).value();
    ProxyOperations operations(context.get_executor(), std::move(manager), metrics,
                               loops.all().front().pipes, log);
    if (status)
        operations.serve_status(*status, version, inherited->take("status")).value();
    if (const std::string left = inherited->left(); !left.empty())
        throw ErrorException(invalid_input(fmt::format(
            "LISTEN_FDS hands over sockets that no option of this proxy names: {}. A socket for "
            "--listen has the port as its name (FileDescriptorName=8000), that of --status has the "
            "name status",
            left)));
    std::optional<AllowlistReload> reload;
    if (read_allowlist)
        reload.emplace(context.get_executor(), allowlist_files, read_allowlist, way_out, log,
                       command.empty(), [&](AllowlistReload::Step step) {
                           operations.reloading(step);
                           if (step != AllowlistReload::Step::succeeded)
                               return;
                           const std::size_t ending = running.end_forbidden();
                           if (ending > 0)
                               log.info("forbidden", "{} that the new rules forbid end",
                                        counted(ending, "connection"),
                                        field("connections", ending));
                       });
    std::optional<Succession> succession;
    const auto end_waits = [&] {
        operations.stopping();
        if (reload)
            reload->close();
        if (succession)
            succession->close();
    };
    const auto stop = [&] {
        end_waits();
        running.stop();
    };
    // A program beside this one can't change its parent.
    if (command.empty())
        succession.emplace(
            context.get_executor(),
            Succession::Options{.sockets = [&] { return operations.share(running.share()); },
                                .variables = operations.variables(),
                                .on_taken_over =
                                    [&](pid_t successor) {
                                        operations.replaced_by(successor);
                                        end_waits();
                                        running.drain();
                                    }},
            log);
    // The command is somebody's own program.
    if (needs && command.empty())
        core::confine(*needs, log).value();
    const core::LoopThreads others(loops);
    if (!command.empty()) {
        operations.ready(ready());
        return core::serve_around(command, limit, context, log, run(running, operations), stop);
    }
    // Once signals are heeded: who learns that this process is ready may end it at once.
    boost::asio::post(context, [&] { operations.ready(ready()); });
    core::run_until_signal(context, log, run(running, operations), stop);
    return 0;
}

Result<std::vector<core::ResolvedTarget>> resolved_by_environment() {
    std::vector<core::ResolvedTarget> all;
    std::vector<std::string> texts;
    const char* value = std::getenv("GLOVEBOX_RESOLVE");
    std::string_view rest = value == nullptr ? "" : value;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        auto one = core::parse_resolved_target(rest.substr(0, end));
        if (!one)
            return Error(one.error()).in("GLOVEBOX_RESOLVE");
        all.push_back(std::move(*one));
        texts.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (const auto contradiction = explain_contradiction(texts, all, core::target_name))
        return Error(core::ProxyError::bad_target, *contradiction).in("GLOVEBOX_RESOLVE");
    return all;
}

}  // namespace glovebox::vsock_proxy
