// SPDX-License-Identifier: Apache-2.0

// The credentials that requests are signed with: long-term ones of a configuration (AKIA...), and a
// role's temporary ones (ASIA... and a session token), as IMDS hands them out.
//
// Temporary credentials need no common memory: everything about a session stands in its token,
// which is sealed with a key that the issuer (glovebox imds) and the verifier (glovebox kms) share:
//
//   token  = base64( JSON {"role": ARN, "session": name, "id": access key id, "expires": seconds}
//                    || HMAC-SHA-256(key, "token" || JSON) )
//   secret = the first 40 characters of base64( HMAC-SHA-384(key, "secret" || access key id) )
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "sim/iam/arn.h"

namespace glovebox::iam {

struct Credential {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;            // empty for long-term credentials
    std::optional<TimePoint> expiration;  // of temporary ones
    Principal principal;
};

class SessionIssuer {
  public:
    static constexpr std::size_t key_bytes = 32;

    explicit SessionIssuer(Bytes key) : key_(std::move(key)) {}
    // Reads the key from `file`, which is made with mode 0600 where it is absent; two processes
    // that make it at once end with the same key.
    [[nodiscard]] static Result<SessionIssuer> open(const std::string& file, RandomSource& random);

    [[nodiscard]] Result<Credential> issue(std::string_view role_arn, std::string_view session_name,
                                           TimePoint expiration, RandomSource& random) const;

    // What `token` says, if it was sealed with this key and belongs to `access_key_id`; whether it
    // has expired is the caller's to ask.
    [[nodiscard]] Result<Credential> redeem(std::string_view token,
                                            std::string_view access_key_id) const;

  private:
    [[nodiscard]] std::string secret_for(std::string_view access_key_id) const;

    Bytes key_;
};

// Who may sign.
class CredentialStore {
  public:
    // Without an issuer no temporary credentials are known.
    explicit CredentialStore(std::optional<SessionIssuer> issuer = std::nullopt)
        : issuer_(std::move(issuer)) {}

    void add(Credential credential);

    // The error's sentence says why nobody was found, for the explanation.
    [[nodiscard]] Result<Credential> find(std::string_view access_key_id,
                                          std::string_view session_token) const;

  private:
    std::optional<SessionIssuer> issuer_;
    std::map<std::string, Credential, std::less<>> by_id_;
};

}  // namespace glovebox::iam
