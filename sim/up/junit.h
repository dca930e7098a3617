// SPDX-License-Identifier: Apache-2.0

// A run of a world as a JUnit report, which CIs show beside the reports of tests: a test case for
// each part's health and one for the command. What was not run is skipped.
#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "sim/up/summary.h"
#include "sim/up/world_report.h"

namespace glovebox::up {

// `parts` are those of parts_of() (event_file.h).
[[nodiscard]] std::string junit_report(const boost::json::array& parts, const WorldOutcome& outcome,
                                       const WorldReport& report);

}  // namespace glovebox::up
