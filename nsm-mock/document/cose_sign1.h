// SPDX-License-Identifier: Apache-2.0

// COSE_Sign1 (RFC 9052, section 4.2) as Nitro writes it, and in no other way:
//
//   84                    array of 4; no tag 18
//     44 a1013822         protected header, {1: -35}: ES384
//     a0                  unprotected header, empty
//     59 nn nn ...        payload (attestation_document.h)
//     58 60 ...           signature, 96 bytes: r, s
//
// Neither the unprotected header nor the spelling of the lengths is signed. The reader therefore
// takes one spelling alone, so that whoever changes a byte of a document makes it refused.
#pragma once

#include "core/base/bytes.h"
#include "nsm-mock/document/es384.h"

namespace glovebox::nsm {

// AWS's attestation_process.md, section 3.1: payload 1..16384 bytes.
inline constexpr std::size_t payload_bytes_max = 16384;

struct CoseSign1 {
    Bytes payload;
    Es384Signature signature{};

    // The bytes that are signed: the Sig_structure ["Signature1", protected, h'', payload].
    [[nodiscard]] static Bytes to_be_signed(BytesView payload);
    [[nodiscard]] static CoseSign1 sign(Bytes payload, const SigningKey& key);

    [[nodiscard]] bool verify(EVP_PKEY* key) const;

    [[nodiscard]] Bytes encode() const;
    // Errors are DocumentError codes of Check::syntax.
    [[nodiscard]] static Result<CoseSign1> decode(BytesView document);
};

}  // namespace glovebox::nsm
