// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/proxy_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view page =
    R"({"connections":[
        {"listener":"8001","cid":16,"peer":"16:1","target":"a.example:443",
         "seconds":2.5,"bytes_sent":100,"bytes_received":2048},
        {"listener":"8001","cid":16,"peer":"16:2","target":"a.example:443",
         "seconds":70,"bytes_sent":20,"bytes_received":0},
        {"listener":"8000","cid":17,"peer":"17:1","target":"b.example:80",
         "seconds":0.1,"bytes_sent":5000000,"bytes_received":0}]})";

TEST(ProxyUsage, AddsUpTheConnectionsOfAnEnclaveToOneTarget) {
    EXPECT_EQ(usage_table(ProxyUsage::parse(page).value(), std::nullopt, 10),
              "       CID  LISTENER    OPEN       SENT   RECEIVED     OLDEST  TARGET\n"
              "        17      8000       1    4.8 MiB        0 B       0 ms  b.example:80\n"
              "        16      8001       2      120 B    2.0 KiB       70 s  a.example:443\n");
}

TEST(ProxyUsage, HasRatesWhereItWasAskedBefore) {
    EarlierUsage earlier{ProxyUsage::parse(page).value(), 2s};
    ProxyUsage now = earlier.usage;
    now.uses.at({16, "8001", "a.example:443"}).received += 4096;
    now.uses.at({17, "8000", "b.example:80"}).sent = 0;  // its connection is another one
    const std::string table = usage_table(now, earlier, 1);
    EXPECT_THAT(table, testing::HasSubstr("SENT/S  RECEIVED/S"));
    EXPECT_THAT(table, testing::HasSubstr("        0 B     2.0 KiB  "));
    EXPECT_THAT(table, testing::Not(testing::HasSubstr("b.example")));
}

TEST(ProxyUsage, WhatIsNoSuchPageIsAnError) {
    for (const char* text :
         {"", "[]", "{}", R"({"connections":[1]})", R"({"connections":[{"cid":-1}]})"})
        EXPECT_FALSE(ProxyUsage::parse(text)) << text;
}

TEST(BytesText, IsShort) {
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(1023), "1023 B");
    EXPECT_EQ(bytes_text(1536), "1.5 KiB");
    EXPECT_EQ(bytes_text(20ULL << 30U), "20 GiB");
    EXPECT_EQ(bytes_text(UINT64_MAX), "16 EiB");
}

}  // namespace
}  // namespace glovebox::cli
