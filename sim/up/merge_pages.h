// SPDX-License-Identifier: Apache-2.0

// The report on the shards of a run, for people: the verdict, a table of the shards, what failed
// and what was refused.
#pragma once

#include <string>

#include "sim/up/merged_run.h"

namespace glovebox::up {

// Lines for a terminal.
[[nodiscard]] std::string merge_text(const MergedRun& run);

// For a job's page in a CI, which shows at most 1 MiB of Markdown: of many refusals the first ones.
[[nodiscard]] std::string merge_markdown(const MergedRun& run);

// One HTML file without a script, which loads nothing.
[[nodiscard]] std::string merge_page(const MergedRun& run);

}  // namespace glovebox::up
