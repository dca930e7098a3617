// SPDX-License-Identifier: Apache-2.0

// A cache of chains that were found in order. The documents that an enclave makes within some hours
// share one chain, and checking its four signatures takes four fifths of a verification.
//
// An entry holds facts that do not depend on the time: who issued whom, keys, usage. The caller
// checks the times of the certificates for each document (verify_chain). All functions may be
// called from any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/base/bounded_cache.h"
#include "nsm-mock/document/attestation_document.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::nsm {

class KnownChains {
  public:
    // An entry takes about 10 KiB. When the cache is full, a new entry replaces the oldest.
    static constexpr std::size_t chains_max = 256;

    // The chain of `document` below `root`, root first, leaf last; empty if it is not cached.
    [[nodiscard]] std::optional<std::vector<Certificate>> find(const AttestationDocument& document,
                                                               const TrustRoot& root) const;
    // Stores `chain`, which was read from `document` and found in order below `root`.
    void add(const AttestationDocument& document, const TrustRoot& root,
             std::vector<Certificate> chain);

  private:
    // By SHA-256 of root, cabundle and leaf.
    BoundedCache<Bytes, std::vector<Certificate>> chains_{chains_max};
};

}  // namespace glovebox::nsm
