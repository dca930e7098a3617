// SPDX-License-Identifier: Apache-2.0

#include "core/crypto/pcr.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/crypto/hash.h"

namespace glovebox {

bool is_zero(const Pcr& pcr) {
    return std::all_of(pcr.begin(), pcr.end(), [](std::uint8_t byte) { return byte == 0; });
}

Pcr sha384(std::initializer_list<BytesView> parts) {
    const Bytes digest = hash_of(HashAlgorithm::sha384, parts);
    Pcr pcr;
    std::copy_n(digest.begin(), pcr.size(), pcr.begin());
    return pcr;
}

Pcr extended(const Pcr& old, BytesView data) {
    return sha384({old, data});
}

Result<Pcr> parse_pcr(std::string_view hex) {
    const auto bytes = from_hex(hex);
    if (!bytes)
        return bytes.error();
    Pcr pcr{};
    if (bytes->size() != pcr.size())
        return invalid_input(fmt::format("a PCR is {} hexadecimal digits (SHA-384), found {}",
                                         2 * pcr.size(), hex.size()));
    std::copy(bytes->begin(), bytes->end(), pcr.begin());
    return pcr;
}

}  // namespace glovebox
