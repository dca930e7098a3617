// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/chrome_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace glovebox::inspect {
namespace {

TEST(ChromeTrace, HasAThreadForEachPartAndASliceForEachConnection) {
    const auto subject = ended_run(boost::json::parse(R"({"events": [
        {"time": "2026-01-02T03:04:05.000Z", "component": "up", "event": "world", "message": "w"},
        {"time": "2026-01-02T03:04:05.010Z", "component": "proxy", "event": "open", "part": "out",
         "message": "m", "peer": "16:1", "target": "a:443"},
        {"time": "2026-01-02T03:04:05.020Z", "component": "kms", "event": "request", "part": "kms",
         "message": "Decrypt by a"},
        {"time": "2026-01-02T03:04:05.030Z", "component": "proxy", "event": "closed", "part": "out",
         "message": "m", "peer": "16:1", "target": "a:443"}]})")
                                       .as_object());
    const auto trace = boost::json::parse(chrome_trace(*subject)).at("traceEvents").as_array();
    ASSERT_EQ(trace.size(), 7U);  // three threads
    EXPECT_EQ(trace[0].at("args").at("name"), "world");
    EXPECT_EQ(trace[1].at("ph"), "i");
    EXPECT_EQ(trace[2].at("args").at("name"), "out");
    EXPECT_EQ(trace[3].at("ph"), "b");
    EXPECT_EQ(trace[3].at("name"), "16:1 -> a:443");
    EXPECT_EQ(trace[3].at("ts"), 10'000);
    EXPECT_EQ(trace[5].at("name"), "Decrypt by a");
    EXPECT_EQ(trace[6].at("ph"), "e");
    EXPECT_EQ(trace[6].at("id"), trace[3].at("id"));
    EXPECT_EQ(trace[6].at("tid"), trace[3].at("tid"));
}

}  // namespace
}  // namespace glovebox::inspect
