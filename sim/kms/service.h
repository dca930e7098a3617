// SPDX-License-Identifier: Apache-2.0

// The KMS as one function: an HTTP request in, an HTTP response out. Who listens, and whether TLS
// is between, is somebody else's business (sim/http).
//
// A refusal carries its explanation in the header x-glovebox-explanation, in the log, and in the
// trace; a success says there which statement allowed it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "sim/http/message.h"
#include "sim/iam/sigv4.h"
#include "sim/kms/directory.h"
#include "sim/kms/json_lines.h"
#include "sim/kms/key_store.h"
#include "sim/kms/operation.h"

namespace glovebox::kms {

// The longest body that is read; an attestation document in base64 is 350 KB.
inline constexpr std::size_t request_body_bytes_max = 1024 * 1024;

inline constexpr std::string_view explanation_header = "x-glovebox-explanation";

// Whether the request may take seconds, since a key has to be found for it.
[[nodiscard]] bool takes_long(const http::Request& request);

struct ServiceSettings {
    std::string account = "111122223333";
    std::string region = "us-east-1";
    bool authenticate = true;
    // Who calls when nobody is authenticated and the request's access key id is nobody's.
    iam::Principal anonymous;
};

class Service {
  public:
    // All that is given by reference outlives it. `trace` and `access_log` may be null.
    Service(ServiceSettings settings, KeyStore& keys, const iam::CredentialStore& credentials,
            const Directory& directory, std::vector<nsm::TrustRoot> roots, const Clock& clock,
            RandomSource& random, Log& log, JsonLines* trace, JsonLines* access_log);

    // Safe from any thread. Never throws for anything in `request`.
    [[nodiscard]] http::Response handle(const http::Request& request);

  private:
    // Who calls, or why nobody knows.
    [[nodiscard]] Answer<iam::Principal> caller_of(const http::Request& request,
                                                   TimePoint now) const;
    [[nodiscard]] Answer<std::string> run(Call& call);
    void record(const Call& call, const std::optional<ApiError>& error);

    ServiceSettings settings_;
    const iam::CredentialStore& credentials_;
    std::vector<nsm::TrustRoot> roots_;
    nsm::KnownChains chains_;
    Environment environment_;
    const Clock& clock_;
    RandomSource& random_;
    Log& log_;
    JsonLines* trace_;
    JsonLines* access_log_;
};

}  // namespace glovebox::kms
