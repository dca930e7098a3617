// SPDX-License-Identifier: Apache-2.0

#include "core/base/limited_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glovebox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class Lines final : public Log {
  public:
    void write(const LogLine& line) override { lines.push_back(line.message); }
    [[nodiscard]] bool wants(LogLevel) const override { return true; }

    std::vector<std::string> lines;
};

LimitedLog::Time now;
LimitedLog::Time clock() {
    return now;
}

void say(Log& log, const std::string& text) {
    log.info("open", "{}", field("peer", text));
}

TEST(LimitedLog, LinesAboutPeersAreFewAndTheOthersStay) {
    Lines lines;
    {
        LimitedLog log(lines, 2, clock);
        for (const char* text : {"1", "2", "3", "4"})
            say(log, text);
        log.warning("refusing", "CID {} has too many", field("cid", 16));
        now += 999ms;
        say(log, "5");
        EXPECT_THAT(lines.lines, ElementsAre("1", "2", "CID 16 has too many"));
        lines.lines.clear();
        now += 1ms;
        say(log, "6");
        say(log, "7");
        say(log, "8");
        EXPECT_THAT(
            lines.lines,
            ElementsAre("3 lines about connections left out: --log-rate is 2 a second", "6", "7"));
        lines.lines.clear();
    }
    EXPECT_THAT(lines.lines,
                ElementsAre("1 line about connections left out: --log-rate is 2 a second"));
}

TEST(LimitedLog, WithoutALimitEverythingPasses) {
    Lines lines;
    LimitedLog log(lines, 0, clock);
    for (int i = 0; i < 1000; ++i)
        say(log, "x");
    EXPECT_EQ(lines.lines.size(), 1000U);
}

}  // namespace
}  // namespace glovebox
