// SPDX-License-Identifier: Apache-2.0

// A cache of public keys that were read before. To read one takes OpenSSL a sixth of the time of a
// request with a Recipient, and all threads wait for the same lock meanwhile; a client sends the
// same key again and again. All functions may be called from any thread.
#pragma once

#include "core/base/bounded_cache.h"
#include "sim/kms/key_pair.h"

namespace glovebox::kms {

class KnownKeys {
  public:
    // An entry takes some KiB. When the cache is full, a new entry replaces the oldest.
    static constexpr std::size_t keys_max = 256;

    // PublicKey::from_der(), or the key that it returned before for the same bytes.
    [[nodiscard]] Result<PublicKey> read(BytesView der);

  private:
    BoundedCache<Bytes, PublicKey> keys_{keys_max};  // by their DER
};

}  // namespace glovebox::kms
