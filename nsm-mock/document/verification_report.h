// SPDX-License-Identifier: Apache-2.0

// What `glovebox verify` says of a document: for a person, or as JSON.
#pragma once

#include <optional>
#include <string>

#include "core/crypto/pcr.h"
#include "nsm-mock/document/verify_document.h"

namespace glovebox::nsm {

// A document that was verified, with what the policy asked of it.
[[nodiscard]] std::string verified_text(const VerifiedDocument& verified, const Policy& policy);
[[nodiscard]] std::string verified_json(const VerifiedDocument& verified, const Policy& policy);

// A document that was refused. `claims` is what it says of itself where that can be read, and is
// shown as unverified.
[[nodiscard]] std::string refused_text(const Error& refusal, const TrustRoot& root, TimePoint now,
                                       const std::optional<AttestationDocument>& claims);
[[nodiscard]] std::string refused_json(const Error& refusal, const TrustRoot& root, TimePoint now,
                                       const std::optional<AttestationDocument>& claims);

// What is said in place of a verification when something for it could not be read.
[[nodiscard]] std::string unread_json(const Error& error);

}  // namespace glovebox::nsm
