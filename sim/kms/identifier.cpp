// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/identifier.h"

#include <algorithm>
#include <array>

#include "core/base/bytes.h"

namespace glovebox::kms {
namespace {

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string make_uuid(RandomSource& random) {
    std::array<std::uint8_t, 16> bytes;
    random.fill(bytes);
    bytes[6] = static_cast<std::uint8_t>(0x40 | (bytes[6] & 0x0f));  // version
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));  // variant
    std::string text = to_hex(bytes);
    for (const std::size_t dash : {8, 13, 18, 23})
        text.insert(dash, 1, '-');
    return text;
}

std::string make_multi_region_id(RandomSource& random) {
    std::array<std::uint8_t, 16> bytes;
    random.fill(bytes);
    return "mrk-" + to_hex(bytes);
}

bool is_key_id(std::string_view text) {
    if (text.starts_with("mrk-"))
        return text.size() == 36 && is_hex(text.substr(4));
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !is_hex(text.substr(i, 1)))
            return false;
    }
    return true;
}

}  // namespace glovebox::kms
