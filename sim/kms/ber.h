// SPDX-License-Identifier: Apache-2.0

// ASN.1 in BER (X.690), as much of it as CMS needs: values in definite lengths, which is DER too,
// and the indefinite lengths that AWS writes.
//
//   definite    tag  length  content            length: one byte to 127, else 0x80+n and n bytes
//   indefinite  tag  80      content  00 00     constructed values only
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "core/base/bytes.h"

namespace glovebox::kms::ber {

inline constexpr std::uint8_t integer = 0x02;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t null = 0x05;
inline constexpr std::uint8_t object_identifier = 0x06;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t set = 0x31;
// [n] IMPLICIT over a primitive value, and [n] over a constructed one.
[[nodiscard]] constexpr std::uint8_t context(std::uint8_t n) {
    return static_cast<std::uint8_t>(0x80 | n);
}
[[nodiscard]] constexpr std::uint8_t context_constructed(std::uint8_t n) {
    return static_cast<std::uint8_t>(0xa0 | n);
}

// The parts, one after the other, in one value.
[[nodiscard]] Bytes definite(std::uint8_t tag, std::initializer_list<BytesView> parts);
[[nodiscard]] Bytes indefinite(std::uint8_t tag, std::initializer_list<BytesView> parts);

// Takes the value of `tag` in definite length off the front of `bytes` and gives its content;
// nothing when that is not what stands there.
[[nodiscard]] std::optional<BytesView> take(BytesView& bytes, std::uint8_t tag);

}  // namespace glovebox::kms::ber
