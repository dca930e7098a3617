// SPDX-License-Identifier: Apache-2.0

// JSON as KMS writes it, and the limits for JSON that it reads.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "core/base/clock.h"
#include "core/base/json_reader.h"

namespace glovebox::kms {

// For a request's body or a policy. A name that occurs twice in an object is an error: the policy
// language forbids it, and the author meant both.
inline constexpr JsonBudget json_budget{.values = 20'000};

// For a line of the trace, which has a request and every policy that was evaluated.
inline constexpr JsonBudget trace_line_budget{.bytes = 16 * 1024 * 1024, .values = 1'000'000};

// On one line, safe for a terminal. A number with a fraction is a time in epoch seconds and is
// written as AWS does, with three decimals: 1593622000.191.
[[nodiscard]] std::string to_json(const boost::json::value& value);

// Seconds since 1970, with a fraction of milliseconds.
[[nodiscard]] double epoch_seconds(TimePoint time);

}  // namespace glovebox::kms
