// The signature section, as AWS's tools write it. CBOR, definite lengths, shortest integers:
//
//   [ { "signing_certificate": [ one integer a byte of the PEM file ],
//       "signature":           [ one integer a byte of this COSE_Sign1, without its tag ] } ]
//
//   COSE_Sign1 (RFC 9052): [ h'a1 01 38 22'   protected: {1 (alg): -35}, so ES384
//                          , {}               unprotected
//                          , payload          a byte string
//                          , r and s ]        a byte string, both padded to the curve's size
//   payload: { "register_index": 0, "register_value": [ 48 integers: PCR0 ] }
//
// Byte vectors are arrays of integers, not byte strings; AWS's reader takes nothing else. Reading
// takes what it takes: tag 18, any order of keys, unknown keys, indefinite lengths.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "sim/eif/base/hash.h"

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

struct SignatureSection {
    Bytes certificate_pem;  // the file as it was given, verbatim
    CoseSign1 cose;

    [[nodiscard]] Bytes encode() const;
    [[nodiscard]] static Result<SignatureSection> decode(BytesView cbor);
};

// PCR8: H(48 zero bytes, H(DER of the first certificate in the PEM text)).
[[nodiscard]] Result<Pcr> signing_pcr(BytesView certificate_pem);

}  // namespace glovebox::eif
