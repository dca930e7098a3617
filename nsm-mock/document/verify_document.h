// SPDX-License-Identifier: Apache-2.0

// Verification of attestation documents.
//
// The checks are made in one fixed order, and the first that fails is the answer
// (document_error.h):
//
//   1. syntax     one COSE_Sign1, in the one spelling that Nitro uses, and nothing after it
//   2. fields     the payload has the fields of an attestation document, each with its type, size
//                 and range
//   3. chain      the document's root is the trusted one; every certificate was issued by the one
//                 above it and may do what it does (P-384, basic constraints, path length, key
//                 usage); all were valid at the time of verification
//   4. signature  the leaf's key signed the document
//   5. policy     what the caller expects: debug mode, PCRs, nonce, user data, public key, age
//
// CRLs are not fetched, as AWS's attestation_process.md, section 3.2.4, says.
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

// What a caller expects of a document beyond its being genuine. Nothing, unless it says so: a
// document that passes without a policy proves that some enclave exists, not which.
struct Policy {
    std::map<PcrIndex, Pcr> pcrs;
    std::optional<Bytes> nonce;
    std::optional<Bytes> user_data;
    std::optional<Bytes> public_key;
    // The oldest a timestamp may be; one that lies as far in the future is refused too.
    std::optional<std::chrono::milliseconds> max_age;
    // Takes documents of measured enclaves alone: PCR0, PCR1 and PCR2 are there, and none is zero.
    // Debug mode makes all three zero, so who expects a value of one of them needs this less.
    bool refuse_debug = false;
    FieldLimits limits = FieldLimits::lenient;
};

// A document that verify_document found genuine; there is no other way to make one.
class VerifiedDocument {
  public:
    [[nodiscard]] const AttestationDocument& document() const { return document_; }
    // The root that it was verified with: "aws" is hardware, "mock" is a simulation.
    [[nodiscard]] const TrustRoot& root() const { return root_; }
    [[nodiscard]] TimePoint verified_at() const { return verified_at_; }
    // Root first, leaf last.
    [[nodiscard]] const std::vector<Certificate>& chain() const { return chain_; }
    // Sentences on what is allowed and still worth knowing.
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

// `now` is the time at which the chain has to be valid. Errors are DocumentError codes, each with a
// sentence that has the particulars. With `known`, a chain that was in order once is looked at for
// its times alone.
[[nodiscard]] Result<VerifiedDocument> verify_document(BytesView document, const TrustRoot& root,
                                                       TimePoint now, const Policy& policy = {},
                                                       KnownChains* known = nullptr);

}  // namespace glovebox::nsm
