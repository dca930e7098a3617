// SPDX-License-Identifier: Apache-2.0

#include "sim/up/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

#include "sim/up/event_file.h"

namespace glovebox::up {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class JUnitTest : public testing::Test {
  protected:
    JUnitTest() {
        EnclavePart part;
        part.name = part.label = "a<b>";
        world_.enclaves.push_back(part);
        outcome_.file = "world.yaml";
        outcome_.command = {"pytest", "-k", "\"x\""};
        outcome_.status = 0;
        outcome_.is_good = true;
        outcome_.lasted = 1500ms;
    }
    [[nodiscard]] std::string report() {
        WorldReport gathered(world_);
        gathered.take(entry_of_output("a<b>", "last & \x1b[31m line"));
        return junit_report(parts_of(world_), outcome_, gathered);
    }

    WorldFile world_;
    WorldOutcome outcome_;
};

TEST_F(JUnitTest, EachPartAndTheCommandAreTestCases) {
    EXPECT_EQ(report(), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="glovebox world.yaml" tests="2" failures="0" errors="0" skipped="0" time="1.500">
    <testcase classname="glovebox.enclave" name="a&lt;b&gt;"/>
    <testcase classname="glovebox.command" name="pytest -k &quot;x&quot;"/>
  </testsuite>
</testsuites>
)");
}

TEST_F(JUnitTest, APartThatFailedHasItsLastLines) {
    outcome_.is_good = false;
    outcome_.failures = {"a<b> ended with status 3"};
    outcome_.failed_parts = {"a<b>"};
    const std::string xml = report();
    EXPECT_THAT(xml, HasSubstr(R"(failures="2")"));
    EXPECT_THAT(xml, HasSubstr(R"(<failure message="a&lt;b&gt; failed">last &amp; \x1b[31m line)"));
    EXPECT_THAT(xml, HasSubstr(R"(<failure message="a&lt;b&gt; ended with status 3">)"));
}

TEST_F(JUnitTest, ACommandThatFailedHasItsStatus) {
    outcome_.is_good = false;
    outcome_.status = 7;
    EXPECT_THAT(report(), HasSubstr(R"(<failure message="ended with status 7"></failure>)"));
}

TEST_F(JUnitTest, WhatWasNotRunIsSkipped) {
    outcome_.not_run = {{"a<b>", "isolation", "Nitro has none"}};
    const std::string xml = report();
    EXPECT_THAT(xml, HasSubstr(R"(skipped="1")"));
    EXPECT_THAT(xml,
                HasSubstr(R"(name="a&lt;b&gt;: isolation"><skipped message="Nitro has none"/>)"));
}

}  // namespace
}  // namespace glovebox::up
