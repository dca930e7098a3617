// SPDX-License-Identifier: Apache-2.0

// The signature of an image: a COSE_Sign1 (RFC 9052, section 4.2) over PCR0.
//
// nsm-mock/document/cose_sign1.h explains the structure. An image's differs from that of an
// attestation document in its algorithm, which follows from the signer's key, and in its payload
// (CBOR's diagnostic notation):
//
//   [ h'a1 01 38 22'   protected header: {1 (alg): -35}, here ES384
//   , {}               unprotected header
//   , payload          a byte string that holds
//                      {"register_index": 0, "register_value": [ 48 integers: PCR0 ]}
//   , r and s ]        a byte string; both padded to the curve's size, big endian
//
// Like AWS's reader, this one accepts tag 18 or no tag, indefinite lengths, and further headers.
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

    // Without a tag, in the shortest encoding.
    [[nodiscard]] Bytes encode() const;
    // Does not verify the signature. Errors are EifError::bad_signature.
    [[nodiscard]] static Result<CoseSign1> decode(BytesView cbor);
    // The message that is signed: the Sig_structure ["Signature1", protected header, h'', payload].
    [[nodiscard]] Bytes to_be_signed() const;
};

[[nodiscard]] Bytes encode_protected_header(CoseAlgorithm algorithm);
// The payload above.
[[nodiscard]] Bytes encode_pcr0_payload(const Pcr& pcr0);

}  // namespace glovebox::eif
