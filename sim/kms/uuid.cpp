#include "sim/kms/uuid.h"

#include <array>

#include "core/base/bytes.h"

namespace glovebox::kms {

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

}  // namespace glovebox::kms
