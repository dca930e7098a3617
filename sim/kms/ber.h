// SPDX-License-Identifier: Apache-2.0

// The part of ASN.1's encoding BER (X.690) that CMS needs. A value is a tag, a length and a
// content; the content of a constructed value is a sequence of values. A definite length is a
// number (DER allows no other); an indefinite one ends with two zero bytes, and AWS writes both.
//
//   definite    tag  length  content         length: one byte up to 127, otherwise 0x80+n and n
//                                            bytes, big endian
//   indefinite  tag  80      content  00 00  constructed values only
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
// The tag [n] IMPLICIT of a primitive value, and [n] of a constructed one. n is at most 30.
[[nodiscard]] constexpr std::uint8_t context(std::uint8_t n) {
    return static_cast<std::uint8_t>(0x80 | n);
}
[[nodiscard]] constexpr std::uint8_t context_constructed(std::uint8_t n) {
    return static_cast<std::uint8_t>(0xa0 | n);
}

// One value with the parts, concatenated, as its content.
[[nodiscard]] Bytes definite(std::uint8_t tag, std::initializer_list<BytesView> parts);
[[nodiscard]] Bytes indefinite(std::uint8_t tag, std::initializer_list<BytesView> parts);

// Removes a value with this tag and a definite length from the front of `bytes`, and returns its
// content. Empty, and `bytes` unchanged, if there is no such value or it is cut off.
[[nodiscard]] std::optional<BytesView> take(BytesView& bytes, std::uint8_t tag);

}  // namespace glovebox::kms::ber
