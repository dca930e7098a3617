// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/module_id.h"

#include <fmt/core.h>

#include <algorithm>

namespace glovebox::nsm {
namespace {

constexpr std::string_view enclave_mark = "-enc";

bool is_lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string to_string(const ModuleId& id) {
    return id.instance_id + std::string(enclave_mark) + to_hex(id.enclave_id);
}

bool is_instance_id(std::string_view text) {
    // Instances made before 2016 have eight digits.
    return text.starts_with("i-") && (text.size() == 2 + 17 || text.size() == 2 + 8) &&
           is_lower_hex(text.substr(2));
}

Result<ModuleId> parse_module_id(std::string_view text) {
    const std::size_t mark = text.find(enclave_mark);
    if (mark != std::string_view::npos && is_instance_id(text.substr(0, mark))) {
        const std::string_view enclave = text.substr(mark + enclave_mark.size());
        ModuleId id{std::string(text.substr(0, mark)), {}};
        if (enclave.size() == 2 * id.enclave_id.size() && is_lower_hex(enclave)) {
            const Bytes bytes = from_hex(enclave).value();
            std::copy(bytes.begin(), bytes.end(), id.enclave_id.begin());
            return id;
        }
    }
    return invalid_input(
        fmt::format("\"{}\" is not a module id: i-<17 digits>-enc<16 digits> was expected, "
                    "for example i-07e25f3bada361dec-enc0181d3dff86da785",
                    text));
}

EnclaveId make_enclave_id(TimePoint start, RandomSource& random) {
    EnclaveId id{};
    const auto ms = static_cast<std::uint64_t>(start.time_since_epoch().count());
    for (std::size_t i = 0; i < 6; ++i)
        id[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
    random.fill(std::span(id).subspan(6));
    return id;
}

}  // namespace glovebox::nsm
