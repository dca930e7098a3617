// SPDX-License-Identifier: Apache-2.0

#include "sim/up/machine_limits.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/address/target.h"
#include "core/dial/dialer.h"
#include "core/proxy/proxy_route.h"
#include "sim/up/event_kinds.h"
#include "sim/up/part_commands.h"
#include "sim/up/traced_traffic.h"

namespace glovebox::up {
namespace {

using Words = std::vector<std::string>;

// Whether a proxy in a machine without a network can reach it: on the machine itself, or where the
// world says that it is.
bool is_within(const core::Target& target, const std::vector<core::ResolvedTarget>& resolved) {
    const auto* const address = std::get_if<core::IpAddress>(&target.host);
    if (address != nullptr && (address->is_loopback() || address->is_unspecified()))
        return true;
    return core::to_string(target.host) == "localhost" ||
           std::any_of(resolved.begin(), resolved.end(),
                       [&](const core::ResolvedTarget& one) { return one.target == target; });
}

std::vector<core::ResolvedTarget> resolved_for(const ProxyPart& proxy, const WorldFile& world) {
    Words texts = proxy.resolve;
    if (world.kms)
        texts.push_back(kms_target(world) + "=127.0.0.1:443");  // wherever it listens
    std::vector<core::ResolvedTarget> resolved;
    for (const std::string& text : texts)
        if (auto one = core::parse_resolved_target(text))
            resolved.push_back(std::move(*one));
    return resolved;
}

// The targets of a proxy, and the rules that name no single host.
void add_unreachable(const ProxyPart& proxy, const WorldFile& world, std::vector<NotRun>& not_run) {
    Words texts = proxy.allow;
    for (const std::string& text : proxy.listen)
        if (const auto route = core::parse_parent_route(text); route && route->target)
            texts.push_back(core::to_string(*route->target));
    if (proxy.vsock_proxy.size() == 3)
        texts.push_back(fmt::format("{}:{}", proxy.vsock_proxy[1], proxy.vsock_proxy[2]));
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    const auto resolved = resolved_for(proxy, world);
    for (const std::string& text : texts)
        if (const auto target = core::parse_target(text); !target || !is_within(*target, resolved))
            not_run.push_back({proxy.label, text, "virtual machines have no network"});
}

}  // namespace

std::vector<NotRun> limit_to_machines(WorldFile& world) {
    std::vector<NotRun> not_run;
    if (world.faults.is_on) {
        world.faults = {};
        not_run.push_back(
            {"", "faults", "they strike what runs on this machine and its simulated AF_VSOCK"});
    }
    limit_traffic_to_proxies(world, not_run);
    if (world.kms && !world.kms->database.empty()) {
        world.kms->database.clear();
        not_run.push_back({"kms", "database", "virtual machines have no network"});
    }
    for (const ProxyPart& proxy : world.proxies)
        add_unreachable(proxy, world, not_run);
    return not_run;
}

std::vector<std::string_view> not_observed_in_machines() {
    return {traced_connections, fault_events};
}

}  // namespace glovebox::up
