// SPDX-License-Identifier: Apache-2.0

#include "core/base/clock.h"

#include <gtest/gtest.h>

namespace glovebox {
namespace {

using namespace std::chrono_literals;

TEST(Clock, DurationsAreReadWithUnitAndSign) {
    EXPECT_EQ(parse_duration("+4h").value(), 4h);
    EXPECT_EQ(parse_duration("-90s").value(), -90s);
    EXPECT_EQ(parse_duration("1h30m").value(), 90min);
    EXPECT_EQ(parse_duration("250ms").value(), 250ms);
    EXPECT_EQ(parse_duration("2d").value(), 48h);
}

TEST(Clock, ADurationWithoutUnitOrBeyondReasonIsRefusedWithASentence) {
    for (const char* text :
         {"", "+", "4", "h", "4x", "--4h", "4h-2m", "99999999999999999999h", "40000d", "1.5h"}) {
        const auto result = parse_duration(text);
        ASSERT_FALSE(result) << text;
        EXPECT_NE(result.error().message.find("write for example"), std::string::npos) << text;
    }
}

TEST(Clock, TimesAreReadAndWrittenInUtc) {
    const TimePoint time = parse_time("2022-07-06T14:18:22.484Z").value();
    EXPECT_EQ(time.time_since_epoch().count(), 1657117102484);
    EXPECT_EQ(format_time(time), "2022-07-06T14:18:22.484Z");
    EXPECT_EQ(parse_time("@1657117102.484").value(), time);
    EXPECT_EQ(parse_time("2022-07-06T14:18:22Z").value(), time - 484ms);
    EXPECT_EQ(parse_time("2022-07-06T14:18:22.4849999Z").value(), time);
}

TEST(Clock, AWrongTimeIsRefused) {
    for (const char* text :
         {"", "2022-07-06", "2022-13-01T00:00:00Z", "2022-02-30T00:00:00Z", "2022-07-06T24:00:00Z",
          "2022-07-06T14:18:22", "2022-07-06T14:18:22+02:00", "2022-07-06T14:18:22.Z", "@", "@-5",
          "@1657117102x", "2022-07-06T14:18:22Zx", "-022-07-06T14:18:22Z"})
        EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Clock, DurationsAreSpokenInTwoUnitsAtMost) {
    EXPECT_EQ(format_duration(850ms), "850 ms");
    EXPECT_EQ(format_duration(1s), "1 s");
    EXPECT_EQ(format_duration(1500ms), "1.5 s");
    EXPECT_EQ(format_duration(1099ms), "1 s");
    EXPECT_EQ(format_duration(9990ms), "9.9 s");
    EXPECT_EQ(format_duration(10500ms), "10 s");
    EXPECT_EQ(format_duration(-61min), "61 min");
    EXPECT_EQ(format_duration(3h + 12min), "3 h 12 min");
    EXPECT_EQ(format_duration(122h), "5 d 2 h");
    EXPECT_EQ(format_duration(3h), "3 h");
}

TEST(Clock, AManualClockMovesOnlyWhenTold) {
    ManualClock clock(TimePoint(1s));
    clock.advance(4h);
    EXPECT_EQ(clock.now(), TimePoint(4h + 1s));
}

}  // namespace
}  // namespace glovebox
