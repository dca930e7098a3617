// The chain of an attestation document: from the trusted root through the cabundle to the leaf.
#pragma once

#include <vector>

#include "nsm-mock/attestation_document.h"
#include "nsm-mock/trust_root.h"

namespace glovebox::nsm {

// Reads and checks the chain of `document` at `now`. Gives its certificates, root first, leaf last.
// Errors are Refusal codes of Check::chain.
[[nodiscard]] Result<std::vector<Certificate>> verify_chain(const AttestationDocument& document,
                                                            const TrustRoot& root, TimePoint now);

}  // namespace glovebox::nsm
