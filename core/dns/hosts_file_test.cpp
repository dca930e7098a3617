// SPDX-License-Identifier: Apache-2.0

#include "core/dns/hosts_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glovebox::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> find(const HostsFile& hosts, const std::string& name) {
    std::vector<std::string> texts;
    for (const IpAddress& address : hosts.find(HostName::parse(name).value()))
        texts.push_back(address.to_string());
    return texts;
}

TEST(HostsFile, ANameHasTheAddressesOfAllItsLines) {
    const HostsFile hosts(
        "192.0.2.2\tB.example  alias # c.example\r\n"
        "# 192.0.2.9 alias\n"
        "2001:db8::1 b.example.\n"
        "192.0.2.1 b.example");
    EXPECT_THAT(find(hosts, "b.example"), ElementsAre("192.0.2.2", "2001:db8::1", "192.0.2.1"));
    EXPECT_THAT(find(hosts, "alias"), ElementsAre("192.0.2.2"));
    EXPECT_THAT(find(hosts, "c.example"), IsEmpty());
}

TEST(HostsFile, LinesWithoutAnAddressOrANameArePassedOver) {
    const HostsFile hosts("\n \n192.0.2.1\nhost a.example\n0x7f.1 a.example\n192.0.2.3 a.example");
    EXPECT_THAT(find(hosts, "a.example"), ElementsAre("192.0.2.3"));
}

}  // namespace
}  // namespace glovebox::core
