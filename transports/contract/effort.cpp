// SPDX-License-Identifier: Apache-2.0

#include "transports/contract/effort.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace glovebox::transports {
namespace {

std::size_t number_or(const char* variable, std::size_t otherwise) {
    const char* text = std::getenv(variable);
    if (text == nullptr)
        return otherwise;
    std::size_t end = 0;
    const std::string value(text);
    try {
        const std::size_t number = std::stoull(value, &end);
        if (end == value.size() && number > 0)
            return number;
    } catch (const std::logic_error&) {
        end = 0;  // no number: said below
    }
    throw std::invalid_argument(std::string(variable) + " is \"" + value +
                                "\": a number above 0 was expected");
}

}  // namespace

Effort choose_effort() {
    constexpr std::size_t part = under_sanitizer ? 10 : 1;
    return {.bulk_bytes = number_or("GLOVEBOX_CONTRACT_BYTES", (64U << 20) / part),
            .connections = number_or("GLOVEBOX_CONTRACT_CONNECTIONS", 100'000 / part)};
}

}  // namespace glovebox::transports
