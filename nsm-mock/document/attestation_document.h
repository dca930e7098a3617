// SPDX-License-Identifier: Apache-2.0

// What an attestation document says, and its CBOR: the payload of the COSE_Sign1 (cose_sign1.h).
//
//   {"module_id": "i-...-enc...", "digest": "SHA384", "timestamp": <ms since 1970>,
//    "pcrs": {0: h'48 bytes', ...},          every locked PCR
//    "certificate": h'leaf, DER', "cabundle": [h'root', h'regional', h'zonal', h'instance'],
//    "public_key": h'...' / null, "user_data": h'...' / null, "nonce": h'...' / null}
//
// Source: real documents (docs/wire.md), and AWS's attestation_process.md, section 3.2.2, where
// they agree with it: it forbids nulls, which real documents have.
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

    // PCR0, 1 and 2 are zero: the enclave ran in debug mode, and what it runs is not attested.
    [[nodiscard]] bool is_debug() const;

    // The first of PCR0, 1 and 2 that is absent or zero. No document that Nitro makes outside of
    // debug mode has one: those PCRs are locked at boot and hold digests.
    [[nodiscard]] std::optional<PcrIndex> unmeasured_pcr() const;
};

// How the payload's map is written: of definite length (a9) in documents up to 2025, of indefinite
// length (bf ... ff) in those of 2026.
enum class PayloadForm { definite, indefinite };

// How long public_key, user_data and nonce may be. AWS's text contradicts itself (1024 bytes in
// section 2.2, 512 for user_data and nonce in 3.2.2.2), and the real module takes more.
enum class FieldLimits {
    lenient,  // as the real module: whatever a request can carry
    strict,   // public_key 1 to 1024, user_data and nonce 0 to 512: what the strictest verifiers
              // take
};

inline constexpr std::size_t strict_public_key_max = 1024;
inline constexpr std::size_t strict_user_data_max = 512;
inline constexpr std::size_t strict_nonce_max = 512;

[[nodiscard]] Bytes encode_payload(const AttestationDocument& document, PayloadForm form);

// Reads a payload and checks its fields, in the order in which they are listed above. Errors are
// DocumentError codes of Check::fields. `warnings` gets a sentence for what is allowed and unusual:
// unknown fields, and fields longer than some verifiers take.
[[nodiscard]] Result<AttestationDocument> decode_payload(BytesView payload, FieldLimits limits,
                                                         std::vector<std::string>& warnings);

}  // namespace glovebox::nsm
