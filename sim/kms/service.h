// SPDX-License-Identifier: Apache-2.0

// The KMS as one function: an HTTP request in, an HTTP response out. The listener and TLS are in
// sim/http.
//
// A refusal has its explanation in the header x-glovebox-explanation, in the log and in the trace.
// For a success, the trace says which statement allowed it.
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

// The longest body that is read, in bytes; an attestation document in base64 has at most 350 KB.
inline constexpr std::size_t request_body_bytes_max = 1024 * 1024;

inline constexpr std::string_view explanation_header = "x-glovebox-explanation";

// The operation that the request names, "Decrypt"; empty for none.
[[nodiscard]] std::string_view operation_of(const http::Request& request);

// Whether the request may take seconds, because it makes an RSA key.
[[nodiscard]] bool takes_long(const http::Request& request);

struct ServiceSettings {
    std::string account = "111122223333";
    std::string region = "us-east-1";
    bool authenticate = true;
    // The caller if `authenticate` is false and the request's access key ID is unknown.
    iam::Principal anonymous;
    policy::RequestContext context;  // Environment::context
};

// What goes wrong with a request on purpose.
struct Interference {
    std::optional<ApiError> error;  // the answer, before anybody asks who the caller is
    // Sessions whose credentials were issued in this second or before have expired.
    std::optional<TimePoint> expired;
};

class Service {
  public:
    // The references outlive the service. `trace` and `access_log` may be null.
    Service(ServiceSettings settings, KeyStore& keys, const iam::CredentialStore& credentials,
            const Directory& directory, std::vector<nsm::TrustRoot> roots, const Clock& clock,
            RandomSource& random, Log& log, JsonLines* trace, JsonLines* access_log);

    // Processes a request of the API, or GET /ping and /healthcheck. May be called from any thread.
    // Never throws for anything in `request`: a bug is answered with KMSInternalException.
    [[nodiscard]] http::Response handle(const http::Request& request,
                                        const Interference& interference = {});

  private:
    // The caller; or the exception if the signature is refused.
    [[nodiscard]] Answer<iam::Principal> caller_of(const http::Request& request,
                                                   TimePoint now) const;
    [[nodiscard]] Answer<std::string> run(Call& call);
    void record(const Call& call, const std::optional<ApiError>& error);

    ServiceSettings settings_;
    const iam::CredentialStore& credentials_;
    std::vector<nsm::TrustRoot> roots_;
    KnownRecipients recipients_;
    Environment environment_;
    const Clock& clock_;
    RandomSource& random_;
    Log& log_;
    JsonLines* trace_;
    JsonLines* access_log_;
};

}  // namespace glovebox::kms
