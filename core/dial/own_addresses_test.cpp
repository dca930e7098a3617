// SPDX-License-Identifier: Apache-2.0

#include "core/dial/own_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/forward/loopback_interface.h"
#include "core/testing/fresh_network.h"

namespace glovebox::core {
namespace {

TEST(OwnAddresses, HoldTheAddressOfLoWhereItIsUp) {
    const auto own = read_own_addresses();
    if (own.empty())
        GTEST_SKIP() << "no interface of this network namespace has an address";
    EXPECT_THAT(own, testing::Contains(parse_ip_address("127.0.0.1").value()));
}

TEST(OwnAddresses, AreReadAgainOnlyAfterAChange) {
    const int status = in_fresh_network([] {
        int readings = 0;
        OwnAddresses own([&readings] {
            ++readings;
            return read_own_addresses();
        });
        for (int i = 0; i < 3; ++i)
            if (!own.get()->empty() || readings != 1)
                return 1;
        if (!bring_loopback_up())
            return 2;
        const auto loopback = parse_ip_address("127.0.0.1").value();
        for (int i = 0; i < 3; ++i) {
            const auto now = own.get();
            if (std::count(now->begin(), now->end(), loopback) != 1 || readings != 2)
                return 3;
        }
        return 0;
    });
    SKIP_WITHOUT_NAMESPACES(status);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace glovebox::core
