// SPDX-License-Identifier: Apache-2.0

// The report on the shards of a run, for programs.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "sim/up/merged_run.h"

namespace glovebox::up {

// The version of the document's form, as of a record's (run_record.h).
inline constexpr int merge_schema = 1;

// docs/records.md has every member. `version` is of the Glovebox that merges.
[[nodiscard]] boost::json::object merge_document(const MergedRun& run, std::string_view version);

// A JUnit report: a suite for each record, with a test case for each part's health and one for the
// command, and one of the run, which fails where shards are missing or a record cannot be read.
[[nodiscard]] std::string merge_junit(const MergedRun& run);

}  // namespace glovebox::up
