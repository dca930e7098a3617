// SPDX-License-Identifier: Apache-2.0

// The tokens of version 2. A token says itself when it ends, under a MAC, so that the service keeps
// nothing of the tokens that it has given: whoever asks for many takes nobody else's away.
//
//   token = base64( end: i64, milliseconds since 1970, big-endian || nonce: 10 bytes
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
    // The key is new: no token outlives the service. `random` outlives this.
    explicit SessionTokens(RandomSource& random);

    // 56 characters, as AWS's are. Both are safe from any thread if the random source is.
    [[nodiscard]] std::string make(TimePoint end) const;
    [[nodiscard]] bool is_valid(std::string_view token, TimePoint now) const;

  private:
    RandomSource& random_;
    Bytes key_;
};

}  // namespace glovebox::imds
