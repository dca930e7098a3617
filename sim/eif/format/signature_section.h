// SPDX-License-Identifier: Apache-2.0

// The signature section, as AWS's tools write it. CBOR, definite lengths, shortest integers:
//
//   [ { "signing_certificate": [ one integer a byte of the PEM file ],
//       "signature":           [ one integer a byte of this COSE_Sign1, without its tag ] } ]
//
// Byte vectors are arrays of integers, not byte strings; AWS's reader takes nothing else. Reading
// takes what it takes: tag 18, any order of keys, unknown keys, indefinite lengths.
#pragma once

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/crypto/pcr.h"
#include "sim/eif/format/cose_sign1.h"

namespace glovebox::eif {

struct SignatureSection {
    Bytes certificate_pem;  // the file as it was given, verbatim
    CoseSign1 cose;

    [[nodiscard]] Bytes encode() const;
    [[nodiscard]] static Result<SignatureSection> decode(BytesView cbor);
};

// PCR8: H(48 zero bytes, H(DER of the first certificate in the PEM text)).
[[nodiscard]] Result<Pcr> signing_pcr(BytesView certificate_pem);

}  // namespace glovebox::eif
