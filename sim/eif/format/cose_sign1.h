// SPDX-License-Identifier: Apache-2.0

// What a signature section's signature is: a COSE_Sign1 (RFC 9052) over PCR0.
//
//   COSE_Sign1 (RFC 9052): [ h'a1 01 38 22'   protected: {1 (alg): -35}, so ES384
//                          , {}               unprotected
//                          , payload          a byte string
//                          , r and s ]        a byte string, both padded to the curve's size
//   payload: { "register_index": 0, "register_value": [ 48 integers: PCR0 ] }
//
// Reading takes what AWS's reader takes: tag 18 or none, indefinite lengths, other headers.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/crypto/pcr.h"

namespace glovebox::eif {

// COSE algorithm numbers (RFC 9053, table 1).
enum class CoseAlgorithm : std::int64_t { es256 = -7, es384 = -35, es512 = -36 };

struct CoseSign1 {
    CoseAlgorithm algorithm = CoseAlgorithm::es384;
    Bytes protected_header;  // the encoded map
    Bytes payload;
    Bytes signature;  // r and s

    [[nodiscard]] Bytes encode() const;
    [[nodiscard]] static Result<CoseSign1> decode(BytesView cbor);
    // What is signed: ["Signature1", protected, h'', payload].
    [[nodiscard]] Bytes to_be_signed() const;
};

[[nodiscard]] Bytes encode_protected_header(CoseAlgorithm algorithm);
// {"register_index": 0, "register_value": pcr0}
[[nodiscard]] Bytes encode_pcr0_payload(const Pcr& pcr0);

}  // namespace glovebox::eif
