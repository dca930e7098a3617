// SPDX-License-Identifier: Apache-2.0

// The chain of an attestation document: from the trusted root through the cabundle to the leaf.
#pragma once

#include <vector>

#include "nsm-mock/document/attestation_document.h"
#include "nsm-mock/document/known_chains.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::nsm {

// Reads and checks the chain of `document` at `now`. Gives its certificates, root first, leaf last.
// Errors are DocumentError codes of Check::chain. What `known` has is not checked again but for its
// times, and what is in order is added to it.
[[nodiscard]] Result<std::vector<Certificate>> verify_chain(const AttestationDocument& document,
                                                            const TrustRoot& root, TimePoint now,
                                                            KnownChains* known = nullptr);

}  // namespace glovebox::nsm
