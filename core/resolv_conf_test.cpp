// SPDX-License-Identifier: Apache-2.0

#include "core/resolv_conf.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;

LookupPatience patience_of(std::string_view words) {
    LookupPatience patience;
    read_options(words, patience);
    return patience;
}

TEST(ResolvConf, OptionsSayHowLongAndHowOften) {
    const LookupPatience patience = patience_of(" ndots:2\ttimeout:3 rotate attempts:4 ");
    EXPECT_EQ(patience.timeout, 3s);
    EXPECT_EQ(patience.attempts, 4);
}

TEST(ResolvConf, NumbersStayWithinTheManualsBounds) {
    EXPECT_EQ(patience_of("timeout:99999999999999").timeout, 30s);
    EXPECT_EQ(patience_of("timeout:31").timeout, 30s);
    EXPECT_EQ(patience_of("timeout:0").timeout, 1s);
    EXPECT_EQ(patience_of("attempts:9").attempts, 5);
    EXPECT_EQ(patience_of("attempts:0").attempts, 1);
}

TEST(ResolvConf, WhatIsNoNumberChangesNothing) {
    const LookupPatience usual;
    for (const char* words :
         {"timeout:", "timeout:x", "timeout:-3", "timeout:3s", "attempts", ""}) {
        EXPECT_EQ(patience_of(words).timeout, usual.timeout) << words;
        EXPECT_EQ(patience_of(words).attempts, usual.attempts) << words;
    }
}

TEST(ResolvConf, TheVariableIsStrongerThanTheFile) {
    const TemporaryDirectory folder;
    const std::string path = folder / "resolv.conf";
    std::ofstream(path) << "# options timeout:9\nnameserver 192.0.2.1\noptions timeout:2\n"
                           "options attempts:5";
    ::unsetenv("RES_OPTIONS");
    EXPECT_EQ(read_lookup_patience(path).timeout, 2s);
    EXPECT_EQ(read_lookup_patience(path).attempts, 5);
    ::setenv("RES_OPTIONS", "timeout:4", 1);
    EXPECT_EQ(read_lookup_patience(path).timeout, 4s);
    EXPECT_EQ(read_lookup_patience(path).attempts, 5);
    ::unsetenv("RES_OPTIONS");
    EXPECT_EQ(read_lookup_patience(folder / "absent").timeout, LookupPatience().timeout);
}

}  // namespace
}  // namespace glovebox::core
