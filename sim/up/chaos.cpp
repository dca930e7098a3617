// SPDX-License-Identifier: Apache-2.0

#include "sim/up/chaos.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <string>

#include "core/address/vsock_address.h"
#include "core/proxy/proxy_route.h"

namespace glovebox::up {
namespace {

using fault::Fault;
using FaultKind = fault::Kind;

// SplitMix64 (Steele, Lea, Flood, 2014): the same on each machine, unlike std's distributions.
class Draw {
  public:
    explicit Draw(std::uint64_t seed) : state_(seed) {}

    // From `least` to `most`, both included.
    std::uint64_t number(std::uint64_t least, std::uint64_t most) {
        return least + next() % (most - least + 1);
    }
    template <class T>
    const T& one_of(const std::vector<T>& all) {
        return all[number(0, all.size() - 1)];
    }
    std::chrono::milliseconds time(std::uint64_t most) {
        return std::chrono::milliseconds(number(1, most));
    }

  private:
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    std::uint64_t state_;
};

// What can fail: the connections to an enclave or a proxy, a service, or a module.
struct Target {
    std::vector<FaultKind> kinds;
    std::string enclave = {};                       // that listens, or whose module it is
    std::optional<core::Port> port = std::nullopt;  // of a proxy
};

std::vector<Target> targets_of(const WorldFile& world) {
    const std::vector<FaultKind> of_connections{FaultKind::refuse,   FaultKind::cut,
                                                FaultKind::reset,    FaultKind::delay,
                                                FaultKind::throttle, FaultKind::split};
    std::vector<Target> targets;
    for (const EnclavePart& enclave : world.enclaves) {
        targets.push_back({of_connections, enclave.name});
        targets.push_back({{FaultKind::nsm_error, FaultKind::nsm_slow}, enclave.name});
    }
    for (const ProxyPart& proxy : world.proxies) {
        for (const std::string& text : proxy.listen)
            if (const auto route = core::parse_proxy_route(text))
                targets.push_back({.kinds = of_connections, .port = route->listen.port});
        if (proxy.vsock_proxy_port != 0)
            targets.push_back({.kinds = of_connections, .port = proxy.vsock_proxy_port});
    }
    if (world.kms)
        targets.push_back({.kinds = {FaultKind::kms_throttle, FaultKind::kms_500,
                                     FaultKind::kms_down, FaultKind::kms_latency}});
    if (world.imds)
        targets.push_back({.kinds = {FaultKind::imds_down, FaultKind::imds_latency}});
    return targets;
}

Fault draw_fault(Draw& draw, const Target& target) {
    Fault fault{.kind = draw.one_of(target.kinds), .port = target.port};
    if (target.port)
        fault.to = core::cid_parent;
    else if (is_of_connections(fault.kind))
        fault.to_name = target.enclave;
    else
        fault.enclave = target.enclave;
    fault.skip = static_cast<std::uint32_t>(draw.number(0, 3));
    fault.times = static_cast<std::uint32_t>(draw.number(1, 2));
    switch (fault.kind) {
        case FaultKind::cut:
        case FaultKind::reset:
            fault.after = draw.number(0, 4096);
            break;
        case FaultKind::throttle:
            fault.bytes = draw.number(5'000, 100'000);
            break;
        case FaultKind::split:
            fault.bytes = draw.number(1, 16);
            break;
        case FaultKind::delay:
            fault.time = draw.time(20);
            break;
        case FaultKind::kms_latency:
        case FaultKind::imds_latency:
        case FaultKind::nsm_slow:
            fault.time = draw.time(200);
            break;
        case FaultKind::nsm_error:
            fault.error = "InternalError";
            break;
        default:
            break;
    }
    return fault;
}

}  // namespace

std::vector<PlannedFault> draw_faults(std::uint64_t seed, const WorldFile& world) {
    const std::vector<Target> targets = targets_of(world);
    std::vector<PlannedFault> drawn;
    if (targets.empty())
        return drawn;
    Draw draw(seed);
    for (std::uint64_t left = draw.number(3, 8); left > 0; --left)
        drawn.emplace_back().fault = draw_fault(draw, draw.one_of(targets));
    return drawn;
}

}  // namespace glovebox::up
