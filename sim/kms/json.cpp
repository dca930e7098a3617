// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/json.h"

#include <fmt/core.h>

#include "core/base/json_text.h"

namespace glovebox::kms {

std::string to_json(const boost::json::value& value) {
    return json_text(value,
                     {.number = [](double number) { return fmt::format("{:.3f}", number); }});
}

double epoch_seconds(TimePoint time) {
    return static_cast<double>(time.time_since_epoch().count()) / 1000;
}

}  // namespace glovebox::kms
