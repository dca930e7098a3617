// SPDX-License-Identifier: Apache-2.0

#include "core/base/log_line.h"

#include "core/base/json_text.h"

namespace glovebox {

std::string LogValue::as_json() const {
    const std::string* const written = text();
    return written != nullptr ? json_quote(*written)
                              : std::to_string(std::get<std::int64_t>(value_));
}

std::string json_members(const LogLine& line) {
    std::string members =
        "\"event\":" + json_quote(line.event) + ",\"message\":" + json_quote(line.message);
    for (const LogField& field : line.fields)
        members += "," + json_quote(field.name) + ":" + field.value.as_json();
    return members;
}

}  // namespace glovebox
