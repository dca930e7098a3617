// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/chaos_option.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "core/base/random_source.h"

namespace glovebox::cli {
namespace {

constexpr const char* random_seed = "random";

std::optional<std::uint64_t> parse_seed(const std::string& text) {
    std::uint32_t seed = 0;
    const char* const end = text.data() + text.size();
    const auto [last, failure] = std::from_chars(text.data(), end, seed);
    return failure == std::errc() && last == end && !text.empty() ? std::optional(seed)
                                                                  : std::nullopt;
}

std::string check_seed(const std::string& text) {
    return text == random_seed || parse_seed(text)
               ? std::string()
               : fmt::format("a seed is a number below 4294967296, or random; found {}", text);
}

}  // namespace

Option chaos_option() {
    return {.name = "--chaos",
            .placeholder = "SEED",
            .check = check_seed,
            .summary =
                "Draw faults of this world at random, by a number that draws the same ones "
                "again, or by \"random\", which shows the number",
            .default_note = "no faults are drawn"};
}

std::optional<std::uint64_t> chaos_seed(const Values& values) {
    const auto given = values.find_text("--chaos");
    if (!given)
        return std::nullopt;
    if (*given != random_seed)
        return parse_seed(*given);
    std::uint32_t seed = 0;
    SystemRandom().fill({reinterpret_cast<std::uint8_t*>(&seed), sizeof seed});
    return seed;
}

}  // namespace glovebox::cli
