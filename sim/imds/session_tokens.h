// SPDX-License-Identifier: Apache-2.0

// The tokens of IMDS version 2. A token states its own end, under a MAC, so the service stores no
// tokens: a client that requests many does not displace those of others.
//
//   token = base64( end: i64, milliseconds since 1970, big endian || nonce: 10 bytes
//                   || HMAC-SHA-256(key, end || nonce)[0..24) )
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/random_source.h"

namespace glovebox::imds {

class SessionTokens {
  public:
    // Makes a new key, so no token outlives the service. `random` outlives this.
    explicit SessionTokens(RandomSource& random);

    // A token of 56 characters, as AWS's. This and is_valid() may be called from any thread if the
    // random source may.
    [[nodiscard]] std::string make(TimePoint end) const;
    // Whether this object made the token, and `now` is before its end.
    [[nodiscard]] bool is_valid(std::string_view token, TimePoint now) const;

  private:
    RandomSource& random_;
    Bytes key_;
};

}  // namespace glovebox::imds
