// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/source_date.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "sim/eif/base/error.h"
#include "sim/eif/build/builder.h"

namespace glovebox::cli {

std::int64_t source_date() {
    const char* text = std::getenv("SOURCE_DATE_EPOCH");
    if (text == nullptr || *text == '\0')
        return eif::default_source_date;
    const std::string_view digits = text;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), seconds);
    if (error != std::errc() || end != digits.end())
        throw ErrorException(Error(
            eif::EifError::invalid_input,
            fmt::format("SOURCE_DATE_EPOCH is \"{}\": seconds since 1970 were expected", text)));
    return seconds;
}

}  // namespace glovebox::cli
