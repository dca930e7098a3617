// SPDX-License-Identifier: Apache-2.0

// JSON as KMS writes it, and how much of it KMS reads.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "core/base/clock.h"
#include "core/base/json_reader.h"

namespace glovebox::kms {

// A request's body, or a policy. A name that stands twice in an object is an error: the policy
// language forbids it, and whoever wrote it meant both.
inline constexpr JsonBudget json_budget{.values = 20'000};

// A line of the trace, which holds a request and every policy that was asked.
inline constexpr JsonBudget trace_line_budget{.bytes = 16 * 1024 * 1024, .values = 1'000'000};

// On one line, printable. Numbers with a fraction are times, epoch seconds, and are written as AWS
// does: 1593622000.191.
[[nodiscard]] std::string to_json(const boost::json::value& value);

// Epoch seconds with their fraction.
[[nodiscard]] double epoch_seconds(TimePoint time);

}  // namespace glovebox::kms
