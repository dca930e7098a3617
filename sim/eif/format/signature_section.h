// SPDX-License-Identifier: Apache-2.0

// The signature section, as AWS's tools write it: CBOR with definite lengths and the shortest
// integers (diagnostic notation):
//
//   [ { "signing_certificate": [ one integer for each byte of the PEM file ],
//       "signature":           [ one integer for each byte of the COSE_Sign1, without tag ] } ]
//
// The two byte vectors are arrays of integers and not byte strings: serde writes a Rust Vec<u8> so,
// and AWS's reader accepts nothing else. Like that reader, this one accepts tag 18 in the
// signature, keys in any order, unknown keys, and indefinite lengths. The COSE_Sign1 is explained
// in cose_sign1.h.
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
    // Reads the first signature of the array; verifies nothing. Errors are EifError::bad_signature.
    [[nodiscard]] static Result<SignatureSection> decode(BytesView cbor);
};

// PCR8: H(48 zero bytes, H(DER of the first certificate in the PEM text)) with H = SHA-384. An
// error if the text holds no certificate.
[[nodiscard]] Result<Pcr> signing_pcr(BytesView certificate_pem);

}  // namespace glovebox::eif
