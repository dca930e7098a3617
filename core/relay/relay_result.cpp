// SPDX-License-Identifier: Apache-2.0

#include "core/relay/relay_result.h"

#include <fmt/core.h>

#include "core/base/clock.h"

namespace glovebox::core {

std::string describe_end(const RelayResult& result, std::string_view first,
                         std::string_view second) {
    switch (result.end) {
        case RelayEnd::finished:
            return "finished";
        case RelayEnd::first_left:
            return fmt::format("{} left", first);
        case RelayEnd::second_left:
            return fmt::format("{} left", second);
        case RelayEnd::first_reset:
            if (result.had_ended)
                return fmt::format("{} left", first);
            return fmt::format("reset by {} ({})", first, result.error.message());
        case RelayEnd::second_reset:
            if (result.had_ended)
                return fmt::format("{} left", second);
            return fmt::format("reset by {} ({})", second, result.error.message());
        case RelayEnd::idle_timeout:
            return "idle for too long";
        case RelayEnd::half_close_timeout:
            return "half-closed and silent for too long";
        case RelayEnd::cancelled:
            return "cut off by our own end";
        case RelayEnd::forbidden:
            return "cut off, since the new rules forbid it";
    }
    return "ended";
}

std::string describe_bytes(const RelayResult& result, std::string_view first,
                           std::string_view second, std::chrono::steady_clock::duration took) {
    return fmt::format(
        "{} bytes from {}, {} bytes from {}, {}", result.first_to_second, first,
        result.second_to_first, second,
        format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(took)));
}

}  // namespace glovebox::core
