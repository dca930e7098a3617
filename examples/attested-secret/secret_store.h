// SPDX-License-Identifier: Apache-2.0

// A secret that is given only to an enclave that proves what it is: the part of a KMS, in one
// class.
#pragma once

#include <chrono>
#include <map>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "core/crypto/pcr.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::example {

// A document may be this old when it is presented; a nonce is good for one use within the same
// time.
inline constexpr auto freshness = std::chrono::minutes(5);

struct SecretPolicy {
    nsm::TrustRoot root;
    Pcr pcr0;
};

class SecretStore {
  public:
    SecretStore(SecretPolicy policy, Bytes secret, const Clock& clock, RandomSource& random);

    // 32 fresh bytes that the next document has to carry.
    [[nodiscard]] Bytes issue_nonce();

    // The secret, encrypted to the document's public key, when the document verifies against the
    // policy's root at this moment, carries PCR0 and a nonce that was issued and not used before,
    // and is not of a debug enclave. A refusal says which of these failed. The nonce is used up
    // either way.
    [[nodiscard]] Result<Bytes> release(BytesView document, BytesView nonce);

  private:
    SecretPolicy policy_;
    Bytes secret_;
    const Clock& clock_;
    RandomSource& random_;
    std::map<Bytes, TimePoint> open_nonces_;  // and when each was issued
};

}  // namespace glovebox::example
