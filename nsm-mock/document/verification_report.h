// SPDX-License-Identifier: Apache-2.0

// The output of `glovebox verify`: for a person (_text) or as JSON (_json). Each result ends with a
// newline. Foreign text in it passes printable(), or JSON's escapes.
#pragma once

#include <optional>
#include <string>

#include "core/crypto/pcr.h"
#include "nsm-mock/document/verify_document.h"

namespace glovebox::nsm {

// For a document that passed. `policy` is what it was checked against.
[[nodiscard]] std::string verified_text(const VerifiedDocument& verified, const Policy& policy);
[[nodiscard]] std::string verified_json(const VerifiedDocument& verified, const Policy& policy);

// For a document that verify_document refused with `refusal`. `claims` is its payload if that can
// be read; it is labelled as unverified. The text leaves the refusal's sentence to the caller; the
// JSON has it.
[[nodiscard]] std::string refused_text(const Error& refusal, const TrustRoot& root, TimePoint now,
                                       const std::optional<AttestationDocument>& claims);
[[nodiscard]] std::string refused_json(const Error& refusal, const TrustRoot& root, TimePoint now,
                                       const std::optional<AttestationDocument>& claims);

// What a document that was refused says of itself; nothing if its payload can't be read.
[[nodiscard]] std::optional<AttestationDocument> unverified_claims(BytesView document);

// For a run that could not verify because a file could not be read.
[[nodiscard]] std::string unread_json(const Error& error);

}  // namespace glovebox::nsm
