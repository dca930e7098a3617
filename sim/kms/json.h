// JSON as KMS reads and writes it.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::kms {

// How deep a document may nest; a policy needs six.
inline constexpr std::size_t json_depth_max = 32;

// One JSON value. A name that stands twice in an object is an error too: the policy language
// forbids it, and whoever wrote it meant both.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text);

// On one line. Numbers with a fraction are times, epoch seconds, and are written as AWS does:
// 1593622000.191.
[[nodiscard]] std::string to_json(const boost::json::value& value);

// Epoch seconds with their fraction.
[[nodiscard]] double epoch_seconds(TimePoint time);

}  // namespace glovebox::kms
