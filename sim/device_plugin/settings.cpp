// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/settings.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "core/base/printable.h"

namespace glovebox::device_plugin {
namespace {

// The texts of Go's strconv.ParseBool.
constexpr std::array<std::string_view, 6> true_texts{"1", "t", "T", "true", "True", "TRUE"};
constexpr std::array<std::string_view, 6> false_texts{"0", "f", "F", "false", "False", "FALSE"};

bool is_one_of(const std::array<std::string_view, 6>& texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// A number as Go's strconv.Atoi reads it, with an optional sign; none for other texts.
std::optional<std::int64_t> parse_number(std::string_view text) {
    if (text.starts_with('+') && text.size() > 1 && text[1] != '-')
        text.remove_prefix(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

}  // namespace

Settings read_settings(const Variable& variable) {
    Settings settings;
    if (const auto text = variable("ENCLAVE_CPU_ADVERTISEMENT"); text && !text->empty()) {
        settings.advertises_cpus = is_one_of(true_texts, *text);
        if (!settings.advertises_cpus && !is_one_of(false_texts, *text))
            settings.warnings.push_back(
                fmt::format("ENCLAVE_CPU_ADVERTISEMENT={} is neither true nor false: no CPUs are "
                            "advertised",
                            printable(*text)));
    }
    if (const auto text = variable("MAX_ENCLAVES_PER_NODE"); text && !text->empty()) {
        const auto number = parse_number(*text);
        if (number && *number >= 1 && *number <= enclaves_of_an_instance)
            settings.enclaves = static_cast<std::uint32_t>(*number);
        else
            settings.warnings.push_back(
                fmt::format("MAX_ENCLAVES_PER_NODE={} is not a number from 1 to {}: {} enclaves "
                            "are advertised. --enclaves N sets a higher number",
                            printable(*text), enclaves_of_an_instance, settings.enclaves));
    }
    return settings;
}

}  // namespace glovebox::device_plugin
