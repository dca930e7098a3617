// SPDX-License-Identifier: Apache-2.0

// The Recipient of a request. An enclave proves its identity with an attestation document, and KMS
// encrypts the answer to the public key in that document: the parent instance, which passes the
// bytes on, cannot read it.
//
//   "Recipient": {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
//                 "AttestationDocument": "<base64>"}
//
// The document contributes condition keys to the policies (kms:RecipientAttestation:...), so a key
// policy can demand certain PCRs. Source: KMS developer guide, "Cryptographic attestation".
#pragma once

#include <vector>

#include "core/base/random_source.h"
#include "nsm-mock/document/verify_document.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/known_keys.h"
#include "sim/kms/policy/request_context.h"

namespace glovebox::kms {

// The longest document, decoded.
inline constexpr std::size_t attestation_document_bytes_max = 262144;

// Adds kms:RecipientAttestation:ImageSha384, which is PCR0, and :PCR<n> for each PCR of the
// document. The values are lower-case hexadecimal.
void describe_attestation(const nsm::AttestationDocument& document,
                          policy::RequestContext& context);

// What earlier documents had, too: chains that were in order, and public keys.
struct KnownRecipients {
    nsm::KnownChains chains;
    KnownKeys keys;
};

class Recipient {
  public:
    // Verifies a document against whichever of `roots` is its own root. The error is a sentence
    // about the document: its form, its fields, its chain at `now`, its signature, or its public
    // key, which has to be an RSA key of 2048 to 4096 bits as SubjectPublicKeyInfo in DER. `known`
    // saves the checks of a chain that was in order before, and the reading of a known key.
    [[nodiscard]] static Result<Recipient> verify(BytesView document,
                                                  const std::vector<nsm::TrustRoot>& roots,
                                                  TimePoint now, KnownRecipients* known = nullptr);

    [[nodiscard]] const nsm::AttestationDocument& document() const { return verified_.document(); }
    [[nodiscard]] const nsm::VerifiedDocument& verified() const { return verified_; }

    // CiphertextForRecipient: encrypts `plaintext` to the document's public key, as a CMS
    // EnvelopedData (cms.h). `random` is the source of the AES key and the IV.
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
