// SPDX-License-Identifier: Apache-2.0

// Chains that were found to be in order, remembered by their bytes: an enclave's documents of some
// hours share one chain, and checking its four signatures is four fifths of a verification.
//
// What is remembered does not depend on the time: who issued whom, keys, usage. The times of the
// certificates are looked at with each document. Safe from any thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "nsm-mock/document/attestation_document.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::nsm {

class KnownChains {
  public:
    // About 10 KiB each; the oldest goes when one more comes.
    static constexpr std::size_t chains_max = 256;

    // The chain of `document` below `root`, root first, leaf last, where it is known.
    [[nodiscard]] std::optional<std::vector<Certificate>> find(const AttestationDocument& document,
                                                               const TrustRoot& root) const;
    // `chain` is what was read from `document` and found to be in order below `root`.
    void add(const AttestationDocument& document, const TrustRoot& root,
             std::vector<Certificate> chain);

  private:
    mutable std::mutex mutex_;
    std::map<Bytes, std::vector<Certificate>> chains_;  // by SHA-256 of root, cabundle and leaf
    std::deque<Bytes> oldest_first_;
};

}  // namespace glovebox::nsm
