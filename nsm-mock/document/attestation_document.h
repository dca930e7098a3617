// SPDX-License-Identifier: Apache-2.0

// The payload of an attestation document, and its CBOR.
//
// An attestation document is the statement of a Nitro Secure Module (NSM): "the enclave that I
// belong to has these measurements, and it asked me to sign these bytes". It is one signed message,
// a COSE_Sign1 (cose_sign1.h), around the payload that this file reads and writes. A verifier needs
// nothing but the document and a trusted root: the certificates are inside.
//
// The payload is one CBOR map (RFC 8949), in CBOR's diagnostic notation:
//
//   {"module_id": "i-07e25f3bada361dec-enc0181d3dff86da785",   module_id.h
//    "digest": "SHA384",                    the algorithm of all PCRs
//    "timestamp": 1657092345678,            when it was signed, ms since 1970
//    "pcrs": {0: h'48 bytes', ...},         every locked PCR, and no other
//    "certificate": h'leaf',                X.509, DER; its key signed the document
//    "cabundle": [h'root', h'regional', h'zonal', h'instance'],     X.509, DER
//    "public_key": h'...' / null,           these three are the program's own bytes, which
//    "user_data": h'...' / null,            the module signs without a look at them
//    "nonce": h'...' / null}
//
// A PCR (platform configuration register) is a SHA-384 value. PCR0 to PCR2 measure the image;
// docs/glossary.md lists the others. `public_key` is where the verifier encrypts its answer to,
// `nonce` is a value of the verifier that proves freshness, and `user_data` is anything else.
//
// Source: real documents (docs/wire.md), and AWS's attestation_process.md, section 3.2.2, where the
// two agree. That text forbids null values, which real documents have.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/crypto/pcr.h"
#include "nsm-mock/document/pcr_index.h"

namespace glovebox::nsm {

struct AttestationDocument {
    std::string module_id;
    std::string digest = "SHA384";
    TimePoint timestamp;
    std::map<PcrIndex, Pcr> pcrs;
    Bytes certificate;
    std::vector<Bytes> cabundle;
    std::optional<Bytes> public_key;
    std::optional<Bytes> user_data;
    std::optional<Bytes> nonce;

    // Whether PCR0, PCR1 and PCR2 are all there and zero: the enclave ran in debug mode, and the
    // document does not attest what it runs.
    [[nodiscard]] bool is_debug() const;

    // The first of PCR0, PCR1 and PCR2 that is absent or zero; empty if all three are measured.
    // Outside of debug mode no document of Nitro has one: those PCRs are locked at boot and hold
    // digests.
    [[nodiscard]] std::optional<PcrIndex> unmeasured_pcr() const;
};

// How the payload's map is written: with a definite length (a9) in documents up to 2025, with an
// indefinite length (bf ... ff) in documents of 2026. The fields and their order are the same.
enum class PayloadForm { definite, indefinite };

// How long public_key, user_data and nonce may be. AWS's text contradicts itself: 1024 bytes in
// section 2.2, 512 for user_data and nonce in section 3.2.2.2. The real module accepts more.
enum class FieldLimits {
    lenient,  // as the real module: any length that fits into a request (nsm_device.h)
    strict,   // as the strictest verifiers: public_key 1 to 1024 bytes, the other two 0 to 512
};

// Bytes.
inline constexpr std::size_t strict_public_key_max = 1024;
inline constexpr std::size_t strict_user_data_max = 512;
inline constexpr std::size_t strict_nonce_max = 512;

// Writes the fields in the order above. An absent public_key, user_data or nonce becomes null.
[[nodiscard]] Bytes encode_payload(const AttestationDocument& document, PayloadForm form);

// Reads a payload, which has to be one CBOR map and nothing after it. The names of the fields are
// checked first, then each field in the order above: its presence, its type, its range. A missing
// public_key, user_data or nonce counts as null. The first mistake is the error, a DocumentError of
// Check::fields. `warnings` receives a sentence for everything that is accepted and unusual:
// unknown fields, an empty public_key, fields longer than some verifiers accept.
[[nodiscard]] Result<AttestationDocument> decode_payload(BytesView payload, FieldLimits limits,
                                                         std::vector<std::string>& warnings);

}  // namespace glovebox::nsm
