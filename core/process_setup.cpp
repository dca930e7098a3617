// SPDX-License-Identifier: Apache-2.0

#include "core/process_setup.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

namespace glovebox::core {

void ignore_sigpipe() {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
}

DescriptorBudget descriptor_budget(std::size_t limit) {
    // Standard streams, epoll, timer, listeners; and a socket for each lookup, of which there may
    // be as many as ResolverOptions::threads_max.
    const std::size_t lookups = std::min<std::size_t>(256, limit / 16);
    const std::size_t channels = std::min<std::size_t>(64, limit / 64);
    const std::size_t reserve = 32 + lookups + channels;
    // As many pipes as the kernel grants an ordinary user at full size, and an eighth of the
    // descriptors at the most.
    constexpr std::size_t pipes_max = 48;
    const std::size_t free = limit > reserve ? limit - reserve : 0;
    const std::size_t pipes = std::min(pipes_max, free / 16);
    return {std::max<std::size_t>((free - 2 * pipes) / 2, 1), pipes};
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

}  // namespace glovebox::core
