// SPDX-License-Identifier: Apache-2.0

// Validation of an attestation document's chain: the trusted root, the rest of the cabundle, the
// leaf. Each certificate is the issuer of the next.
//
// The path is validated as RFC 5280 says, by OpenSSL. Nitro's rules are stricter, and are checked
// in addition: the first certificate of the cabundle is the trusted root byte for byte; every key
// is P-384 and every signature ecdsa-with-SHA384; every certificate but the leaf is a CA; the leaf
// is no CA and has the key usage digitalSignature. CRLs are not fetched.
#pragma once

#include <vector>

#include "nsm-mock/document/attestation_document.h"
#include "nsm-mock/document/known_chains.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::nsm {

// Returns the chain, root first, leaf last, if it is in order and every certificate is valid at
// `now`. Errors are DocumentError codes of Check::chain. With `known`, a chain that was in order
// before is checked for its times only, and a chain that is found in order is added, whatever its
// times are.
[[nodiscard]] Result<std::vector<Certificate>> verify_chain(const AttestationDocument& document,
                                                            const TrustRoot& root, TimePoint now,
                                                            KnownChains* known = nullptr);

}  // namespace glovebox::nsm
