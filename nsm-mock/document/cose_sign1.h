// SPDX-License-Identifier: Apache-2.0

// COSE_Sign1 (RFC 9052, section 4.2): a message with one signature, in CBOR.
//
// It is an array of four: a protected header, which the signature covers; an unprotected header,
// which it does not cover; the payload; the signature. The protected header names the algorithm.
// COSE signs not the array itself but a Sig_structure that the verifier rebuilds:
//
//   ["Signature1", protected header, external data (here empty), payload]
//
// Nitro writes the array in exactly one way, and this file accepts no other:
//
//   84                    array of 4, without the CBOR tag 18 that COSE allows
//     44 a1013822         protected header: a byte string that holds {1: -35}, alg = ES384
//     a0                  unprotected header: an empty map
//     59 nn nn ...        payload: a byte string (attestation_document.h)
//     58 60 ...           signature: 96 bytes, r then s (es384.h)
//
// The unprotected header and the encoding of the lengths are not signed. A reader that accepted
// several spellings would accept changed documents; with one spelling, a change of any byte of the
// envelope makes the document refused.
#pragma once

#include "core/base/bytes.h"
#include "nsm-mock/document/es384.h"

namespace glovebox::nsm {

// The payload has 1 to this many bytes: AWS's attestation_process.md, section 3.1.
inline constexpr std::size_t payload_bytes_max = 16384;

struct CoseSign1 {
    Bytes payload;
    Es384Signature signature{};

    // The Sig_structure for this payload, encoded: the message that is signed.
    [[nodiscard]] static Bytes to_be_signed(BytesView payload);
    // Takes the payload and signs its Sig_structure.
    [[nodiscard]] static CoseSign1 sign(Bytes payload, const SigningKey& key);

    // Whether `key`, a P-384 key, made the signature over the payload.
    [[nodiscard]] bool verify(EVP_PKEY* key) const;

    [[nodiscard]] Bytes encode() const;
    // Reads the envelope; the payload stays as it is, and the signature is not verified. Errors are
    // DocumentError codes of Check::syntax.
    [[nodiscard]] static Result<CoseSign1> decode(BytesView document);
};

}  // namespace glovebox::nsm
