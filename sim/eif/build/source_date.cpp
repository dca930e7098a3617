// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/source_date.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "sim/eif/base/error.h"
#include "sim/eif/build/builder.h"

namespace glovebox::eif {

Result<std::int64_t> source_date(const char* variable) {
    const std::string_view digits = variable == nullptr ? "" : variable;
    if (digits.empty())
        return default_source_date;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), seconds);
    if (error != std::errc() || end != digits.end())
        return Error(
            EifError::invalid_input,
            fmt::format("SOURCE_DATE_EPOCH is \"{}\": seconds since 1970 were expected", digits));
    return seconds;
}

Result<std::int64_t> source_date() {
    return source_date(std::getenv("SOURCE_DATE_EPOCH"));
}

}  // namespace glovebox::eif
