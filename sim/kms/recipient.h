// SPDX-License-Identifier: Apache-2.0

// The Recipient of a request: an enclave that proves itself with an attestation document and gets
// the answer encrypted to the public key in it.
//
//   "Recipient": {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument":
//   "<base64>"}
//
// Source: KMS developer guide, "Cryptographic attestation".
#pragma once

#include <vector>

#include "core/base/random_source.h"
#include "nsm-mock/document/verify_document.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/policy/request_context.h"

namespace glovebox::kms {

// The document may be this long.
inline constexpr std::size_t attestation_document_bytes_max = 262144;

// Adds kms:RecipientAttestation:ImageSha384 and :PCR<n> for each PCR of the document, as lower-case
// hexadecimal.
void describe_attestation(const nsm::AttestationDocument& document,
                          policy::RequestContext& context);

class Recipient {
  public:
    // Verified against the first of `roots` that is the document's own; one is enough. The error is
    // a sentence on what is wrong with the document: its form, its fields, its chain at `now`, its
    // signature, or its public key. `known` spares the checks of a chain that was in order before.
    [[nodiscard]] static Result<Recipient> verify(BytesView document,
                                                  const std::vector<nsm::TrustRoot>& roots,
                                                  TimePoint now, nsm::KnownChains* known = nullptr);

    [[nodiscard]] const nsm::AttestationDocument& document() const { return verified_.document(); }
    [[nodiscard]] const nsm::VerifiedDocument& verified() const { return verified_; }

    // CiphertextForRecipient: CMS EnvelopedData (cms.h).
    [[nodiscard]] Bytes seal(BytesView plaintext, RandomSource& random) const;

  private:
    Recipient(nsm::VerifiedDocument verified, PublicKey key, Bytes key_identifier)
        : verified_(std::move(verified)),
          key_(std::move(key)),
          key_identifier_(std::move(key_identifier)) {}

    nsm::VerifiedDocument verified_;
    PublicKey key_;
    Bytes key_identifier_;  // SHA-256 of the SubjectPublicKeyInfo
};

}  // namespace glovebox::kms
