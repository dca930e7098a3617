// SPDX-License-Identifier: Apache-2.0

#include "sim/http/counted_warning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace glovebox::http {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct Lines final : Log {
    void write(const LogLine& line) override { lines.push_back(line.message); }
    [[nodiscard]] bool wants(LogLevel) const override { return true; }
    std::vector<std::string> lines;
};

TEST(CountedWarning, IsOneLineAtOnceAndThenOneAMinuteWithItsCount) {
    Lines log;
    CountedWarning warning(log);
    const auto start = CountedWarning::Time() + 1h;
    warning.count("no descriptors", start);
    for (int i = 0; i < 600; ++i)
        warning.count("no memory", start + i * 100ms);
    EXPECT_THAT(log.lines, ElementsAre("no descriptors"));
    warning.count("no descriptors", start + 1min);
    EXPECT_THAT(log.lines, ElementsAre("no descriptors", "no memory (600 more)", "no descriptors"));
    warning.count("no descriptors", start + 1min + 1s);
    warning.finish();
    EXPECT_EQ(log.lines.back(), "no descriptors (1 more)");
    warning.finish();
    EXPECT_EQ(log.lines.size(), 4u);
}

TEST(CountedWarning, MayBeAFewLinesAMinute) {
    Lines log;
    CountedWarning warning(log, 2);
    const auto start = CountedWarning::Time() + 1h;
    for (const char* sentence : {"a", "b", "c", "d"})
        warning.count(sentence, start);
    EXPECT_THAT(log.lines, ElementsAre("a", "b"));
    warning.count("e", start + 2min);
    EXPECT_THAT(log.lines, ElementsAre("a", "b", "d (2 more)", "e"));
}

TEST(CountedWarning, WhatHappensOnceIsSaidOnce) {
    Lines log;
    CountedWarning warning(log);
    warning.count("no descriptors");
    warning.finish();
    EXPECT_THAT(log.lines, ElementsAre("no descriptors"));
}

}  // namespace
}  // namespace glovebox::http
