// SPDX-License-Identifier: Apache-2.0

// Verification of attestation documents.
//
// The checks are made in one fixed order, and the first that fails is the result
// (document_error.h):
//
//   1. syntax     one COSE_Sign1 in the only encoding that Nitro uses, and nothing after it
//   2. fields     the payload has the fields of an attestation document, each with its type, size
//                 and range
//   3. chain      the document's root is the trusted root; every certificate was issued by the
//                 one above it and is used as it allows (P-384, basic constraints, path length,
//                 key usage); all are valid at the time of verification
//   4. signature  the key of the leaf certificate signed the document
//   5. policy     what the caller expects: debug mode, PCRs, nonce, user data, public key, age
//
// CRLs are not fetched, as AWS's attestation_process.md, section 3.2.4, recommends.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nsm-mock/document/attestation_document.h"
#include "nsm-mock/document/document_error.h"
#include "nsm-mock/document/known_chains.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::nsm {

// What a caller expects of a genuine document. Empty members are not checked: a document that
// passes an empty policy proves that some enclave exists, not which one.
struct Policy {
    std::map<PcrIndex, Pcr> pcrs;
    std::optional<Bytes> nonce;
    std::optional<Bytes> user_data;
    std::optional<Bytes> public_key;
    // The greatest age of the timestamp; a timestamp as far in the future is refused too.
    std::optional<std::chrono::milliseconds> max_age;
    // Accepts only measured enclaves: PCR0, PCR1 and PCR2 are present, and none of them is zero. In
    // debug mode all three are zero, so a policy that expects a value of one of them refuses debug
    // documents without this.
    bool refuse_debug = false;
    FieldLimits limits = FieldLimits::lenient;
};

// A document that passed verify_document, the only function that makes one.
class VerifiedDocument {
  public:
    [[nodiscard]] const AttestationDocument& document() const { return document_; }
    // The root that the chain was verified with. Its name is "aws" for hardware, "mock" for a
    // simulation.
    [[nodiscard]] const TrustRoot& root() const { return root_; }
    [[nodiscard]] TimePoint verified_at() const { return verified_at_; }
    // Root first, leaf last.
    [[nodiscard]] const std::vector<Certificate>& chain() const { return chain_; }
    // Sentences about unusual properties that no check refuses.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    friend Result<VerifiedDocument> verify_document(BytesView, const TrustRoot&, TimePoint,
                                                    const Policy&, KnownChains*);
    VerifiedDocument(AttestationDocument document, TrustRoot root, TimePoint verified_at,
                     std::vector<Certificate> chain, std::vector<std::string> warnings)
        : document_(std::move(document)),
          root_(std::move(root)),
          verified_at_(verified_at),
          chain_(std::move(chain)),
          warnings_(std::move(warnings)) {}

    AttestationDocument document_;
    TrustRoot root_;
    TimePoint verified_at_;
    std::vector<Certificate> chain_;
    std::vector<std::string> warnings_;
};

// Makes all checks. `now` is the time at which the chain has to be valid and against which the age
// is measured. Errors are DocumentError codes with a sentence; the first failed check decides. With
// `known`, a cached chain is checked for its times only (known_chains.h). May be called from any
// thread.
[[nodiscard]] Result<VerifiedDocument> verify_document(BytesView document, const TrustRoot& root,
                                                       TimePoint now, const Policy& policy = {},
                                                       KnownChains* known = nullptr);

}  // namespace glovebox::nsm
