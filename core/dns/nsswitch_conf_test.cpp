// SPDX-License-Identifier: Apache-2.0

#include "core/dns/nsswitch_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::core {
namespace {

using testing::ElementsAre;
using enum NameSource;

TEST(NsswitchConf, TheOrderOfItsLineHolds) {
    EXPECT_THAT(parse_nsswitch_conf("passwd: files\nhosts: files dns\n"),
                ElementsAre(files, name_servers));
    EXPECT_THAT(parse_nsswitch_conf("hosts:\tdns [!UNAVAIL=return] files # files"),
                ElementsAre(name_servers, files));
    EXPECT_THAT(parse_nsswitch_conf("hosts: mymachines resolve [!UNAVAIL=return] files dns"),
                ElementsAre(name_servers, files));
    EXPECT_THAT(parse_nsswitch_conf("hosts: files"), ElementsAre(files));
}

TEST(NsswitchConf, WithoutTheLineFilesComeFirst) {
    for (const char* text : {"", "# hosts: dns\n", "hosts:", "hosts: ldap", "host: dns"})
        EXPECT_THAT(parse_nsswitch_conf(text), ElementsAre(files, name_servers)) << text;
}

}  // namespace
}  // namespace glovebox::core
