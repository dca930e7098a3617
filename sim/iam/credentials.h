// SPDX-License-Identifier: Apache-2.0

// The credentials that sign requests: long-term ones from a configuration (AKIA...), and temporary
// ones of a role (ASIA... with a session token), as the metadata service issues them.
//
// Temporary credentials need no shared store. The token holds everything about its session, sealed
// with a key that the issuer (glovebox imds) and the verifier (glovebox kms) share:
//
//   token  = base64( JSON {"role": ARN, "session": name, "id": access key id, "expires": seconds,
//                          "issued": seconds, "imds": version}
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
    std::optional<TimePoint> expiration;  // of temporary credentials
    Principal principal;
};

// Issues and verifies temporary credentials.
class SessionIssuer {
  public:
    static constexpr std::size_t key_bytes = 32;

    explicit SessionIssuer(Bytes key) : key_(std::move(key)) {}
    // Reads the key from `file`; makes the file with mode 0600 and a new key if it is missing.
    // Processes that do so at once end up with the same key. An error if the file has another size
    // or is a symbolic link.
    [[nodiscard]] static Result<SessionIssuer> open(const std::string& file, RandomSource& random);

    // New credentials for a session of the role, valid for `lifetime` from delivery.issued on.
    // Times are rounded down to seconds. An error if `role_arn` is not the ARN of a role.
    [[nodiscard]] Result<Credential> issue(std::string_view role_arn, std::string_view session_name,
                                           const Delivery& delivery, std::chrono::seconds lifetime,
                                           RandomSource& random) const;

    // The credentials in `token`, if it was sealed with this key and belongs to `access_key_id`.
    // The caller checks the expiration.
    [[nodiscard]] Result<Credential> redeem(std::string_view token,
                                            std::string_view access_key_id) const;

  private:
    [[nodiscard]] std::string secret_for(std::string_view access_key_id) const;

    Bytes key_;
};

// The credentials that a service accepts.
class CredentialStore {
  public:
    // Without an issuer, no temporary credentials are accepted.
    explicit CredentialStore(std::optional<SessionIssuer> issuer = std::nullopt)
        : issuer_(std::move(issuer)) {}

    // Replaces credentials with the same access key ID.
    void add(Credential credential);

    // The credentials with this ID and session token (empty for long-term ones). The error's
    // sentence says why there are none; it becomes an explanation.
    [[nodiscard]] Result<Credential> find(std::string_view access_key_id,
                                          std::string_view session_token) const;

  private:
    std::optional<SessionIssuer> issuer_;
    std::map<std::string, Credential, std::less<>> by_id_;
};

}  // namespace glovebox::iam
