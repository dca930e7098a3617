// SPDX-License-Identifier: Apache-2.0

#include "core/dns/resolv_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

ResolvConf options_of(std::string_view words) {
    ResolvConf conf;
    read_options(words, conf);
    return conf;
}

TEST(ResolvConf, OptionsSayHowLongAndHowOften) {
    const ResolvConf conf = options_of(" ndots:2\ttimeout:3 rotate attempts:4 ");
    EXPECT_EQ(conf.timeout, 3s);
    EXPECT_EQ(conf.attempts, 4);
    EXPECT_EQ(conf.ndots, 2);
}

TEST(ResolvConf, NumbersStayWithinTheManualsBounds) {
    EXPECT_EQ(options_of("timeout:99999999999999").timeout, 30s);
    EXPECT_EQ(options_of("timeout:31").timeout, 30s);
    EXPECT_EQ(options_of("timeout:0").timeout, 1s);
    EXPECT_EQ(options_of("attempts:9").attempts, 5);
    EXPECT_EQ(options_of("attempts:0").attempts, 1);
    EXPECT_EQ(options_of("ndots:16").ndots, 15);
    EXPECT_EQ(options_of("ndots:0").ndots, 0);
}

TEST(ResolvConf, WhatIsNoNumberChangesNothing) {
    const ResolvConf usual;
    for (const char* words :
         {"timeout:", "timeout:x", "timeout:-3", "timeout:3s", "attempts", ""}) {
        EXPECT_EQ(options_of(words).timeout, usual.timeout) << words;
        EXPECT_EQ(options_of(words).attempts, usual.attempts) << words;
    }
}

TEST(ResolvConf, TheVariablesAreStrongerThanTheFile) {
    const std::string text =
        "# options timeout:9\nnameserver 192.0.2.1\noptions timeout:2\n"
        "search a.example\noptions attempts:5";
    ::unsetenv("RES_OPTIONS");
    ::unsetenv("LOCALDOMAIN");
    EXPECT_EQ(parse_resolv_conf(text).timeout, 2s);
    EXPECT_EQ(parse_resolv_conf(text).attempts, 5);
    EXPECT_THAT(parse_resolv_conf(text).search, ElementsAre("a.example"));
    ::setenv("RES_OPTIONS", "timeout:4", 1);
    ::setenv("LOCALDOMAIN", "b.example c.example", 1);
    EXPECT_EQ(parse_resolv_conf(text).timeout, 4s);
    EXPECT_EQ(parse_resolv_conf(text).attempts, 5);
    EXPECT_THAT(parse_resolv_conf(text).search, ElementsAre("b.example", "c.example"));
    ::unsetenv("RES_OPTIONS");
    ::unsetenv("LOCALDOMAIN");
    EXPECT_EQ(parse_resolv_conf("").timeout, ResolvConf().timeout);
}

TEST(ResolvConf, OfSearchAndDomainTheLastHolds) {
    EXPECT_THAT(parse_resolv_conf("search a.example b.example\ndomain c.example\n").search,
                ElementsAre("c.example"));
    EXPECT_THAT(parse_resolv_conf("domain c.example\nsearch a.example\tb.example\r\n").search,
                ElementsAre("a.example", "b.example"));
}

std::vector<std::string> searched(const std::string& name, const ResolvConf& conf) {
    std::vector<std::string> texts;
    for (const HostName& one : search_names(HostName::parse(name).value(), conf))
        texts.push_back(one.text());
    return texts;
}

TEST(ResolvConf, DotsSayWhetherANameIsFirstTakenAsItIs) {
    const ResolvConf conf{.ndots = 2, .search = {"x.example", ".", "not a domain"}};
    EXPECT_THAT(searched("a", conf), ElementsAre("a.x.example", "a", "a"));
    EXPECT_THAT(searched("a.b", conf), ElementsAre("a.b.x.example", "a.b", "a.b"));
    EXPECT_THAT(searched("a.b.c", conf), ElementsAre("a.b.c", "a.b.c.x.example", "a.b.c"));
}

}  // namespace
}  // namespace glovebox::core
