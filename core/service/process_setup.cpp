// SPDX-License-Identifier: Apache-2.0

#include "core/service/process_setup.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "core/dns/dns_query.h"
#include "core/dns/dns_resolver.h"

namespace glovebox::core {

namespace {

void ignore(int signal) {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

void ignore_sigpipe() {
    ignore(SIGPIPE);
}

void ignore_write_signals() {
    ignore(SIGPIPE);
    ignore(SIGXFSZ);
}

DescriptorBudget descriptor_budget(std::size_t limit) {
    const std::size_t lookups =
        std::clamp<std::size_t>(limit / 64, 1, ResolverOptions().lookups_max);
    const std::size_t channels = std::min<std::size_t>(64, limit / 64);
    // Standard streams, epoll, timer, listeners, one lookup; the other lookups; the channels.
    const std::size_t reserve = 32 + (lookups - 1) * sockets_per_lookup + channels;
    // As many pipes as the kernel grants an ordinary user at full size, and an eighth of the
    // descriptors at the most.
    constexpr std::size_t pipes_max = 48;
    const std::size_t free = limit > reserve ? limit - reserve : 0;
    const std::size_t pipes = std::min(pipes_max, free / 16);
    return {std::max<std::size_t>((free - 2 * pipes) / 2, 1), pipes, lookups};
}

std::size_t attempts_within(const DescriptorBudget& budget, std::size_t open_max,
                            std::size_t waiting_max, std::size_t most) {
    const std::size_t all = 2 * budget.connections;
    const std::size_t each =
        (all - std::min(all, waiting_max)) / std::max<std::size_t>(open_max, 1);
    return std::clamp<std::size_t>(each - std::min<std::size_t>(each, 1), 1, most);
}

DescriptorLimit raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return {};
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return {before, ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before};
}

}  // namespace glovebox::core
