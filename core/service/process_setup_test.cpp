// SPDX-License-Identifier: Apache-2.0

#include "core/service/process_setup.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "core/dns/dns_query.h"

namespace glovebox::core {
namespace {

TEST(DescriptorBudget, NeverPromisesMoreThanTheLimitHolds) {
    for (std::size_t limit = 40; limit < 100'000; limit += limit / 7 + 1) {
        const DescriptorBudget budget = descriptor_budget(limit);
        const std::size_t lookups = sockets_per_lookup * (budget.lookups - 1);
        EXPECT_LE(2 * budget.connections + 2 * budget.pipes + lookups + 32, limit) << limit;
        EXPECT_GE(2 * budget.connections, (limit - 32) * 2 / 3) << limit;
    }
}

TEST(DescriptorBudget, AThousandConnectionsFitIntoAnOrdinaryHardLimit) {
    EXPECT_GE(descriptor_budget(4096).connections, 1000U);
}

TEST(DescriptorBudget, OneConnectionIsAlwaysServed) {
    EXPECT_EQ(descriptor_budget(0).connections, 1U);
    EXPECT_EQ(descriptor_budget(0).pipes, 0U);
    EXPECT_EQ(descriptor_budget(0).lookups, 1U);
}

TEST(DescriptorBudget, ConnectsThatAreUnderWayFitIntoIt) {
    constexpr std::size_t most = 8;
    for (std::size_t limit = 256; limit < 1'000'000; limit += limit / 7 + 1) {
        const DescriptorBudget budget = descriptor_budget(limit);
        const std::size_t open = std::min<std::size_t>(budget.connections * 4 / 5, 10'000);
        const std::size_t waiting = std::min<std::size_t>(budget.connections * 2 / 5, 4096);
        const std::size_t attempts = attempts_within(budget, open, waiting, most);
        EXPECT_GE(attempts, 1U);
        EXPECT_LE(open * (1 + attempts) + waiting, 2 * budget.connections) << limit;
    }
    EXPECT_EQ(attempts_within(descriptor_budget(524'288), 10'000, 4096, most), most);
    EXPECT_EQ(attempts_within(descriptor_budget(0), 1, 1, most), 1U);
}

TEST(ProcessSetup, TheDescriptorLimitIsWhatTheKernelThenSays) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const DescriptorLimit limit = raise_descriptor_limit();
    rlimit now{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
    EXPECT_EQ(limit.before, before.rlim_cur);
    EXPECT_EQ(limit.now, now.rlim_cur);
    EXPECT_EQ(now.rlim_cur, now.rlim_max);
}

TEST(ProcessSetup, SigpipeIsIgnored) {
    ignore_sigpipe();
    EXPECT_EQ(std::raise(SIGPIPE), 0);
}

TEST(ProcessSetup, AServiceOutlivesAWriteBeyondItsLimit) {
    ignore_write_signals();
    EXPECT_EQ(std::raise(SIGPIPE), 0);
    EXPECT_EQ(std::raise(SIGXFSZ), 0);
    std::signal(SIGXFSZ, SIG_DFL);
}

}  // namespace
}  // namespace glovebox::core
