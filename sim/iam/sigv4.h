// SPDX-License-Identifier: Apache-2.0

// AWS Signature Version 4, in the Authorization header: who signed a request, and whether it
// arrived as it was signed.
//
//   Authorization: AWS4-HMAC-SHA256
//     Credential=<access key id>/<yyyymmdd>/<region>/<service>/aws4_request,
//     SignedHeaders=content-type;host;x-amz-date, Signature=<64 hex>
//
//   canonical request = method LF path LF query LF (name ":" value LF)* LF names LF hash(body)
//   string to sign    = "AWS4-HMAC-SHA256" LF time LF scope LF hash(canonical request)
//   key               = HMAC chain of "AWS4"+secret over date, region, service, "aws4_request"
//   signature         = hex(HMAC-SHA-256(key, string to sign))
//   hash(bytes)       = hex(SHA-256(bytes))
//
// The signature has to cover Host and every x-amz- header of the request but the session token,
// which may be added after signing.
//
// Sources: AWS IAM user guide, "Create a signed AWS API request"; AWS's SigV4 test suite,
// post-sts-token.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "sim/http/message.h"
#include "sim/iam/credentials.h"

namespace glovebox::iam {

// KMS allows five minutes, though AWS's general pages say fifteen.
inline constexpr std::chrono::minutes signature_skew_max{5};

struct Authorization {
    std::string access_key_id;
    std::string date;  // yyyymmdd
    std::string region;
    std::string service;
    std::string terminator;                   // "aws4_request"
    std::vector<std::string> signed_headers;  // in their order
    std::string signature;                    // hex

    [[nodiscard]] std::string scope() const;
};

// The signing side's view of where a request goes.
struct SigningScope {
    std::string region;
    std::string service;
};

[[nodiscard]] std::string canonical_request(const http::Request& request,
                                            const std::vector<std::string>& signed_headers);

// `amz_date` is "20150830T123600Z".
[[nodiscard]] std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                                         std::string_view canonical_request);

// Hexadecimal.
[[nodiscard]] std::string signature_of(std::string_view secret_access_key,
                                       const Authorization& authorization,
                                       std::string_view string_to_sign);

// Adds X-Amz-Date, X-Amz-Security-Token for temporary credentials, and Authorization over every
// header that is there by then. A Host header must be among them.
void sign(http::Request& request, const Credential& credential, const SigningScope& scope,
          TimePoint now);

// A request without a valid signature: AWS's exception and message, and one sentence that explains
// it.
struct AuthenticationFailure {
    std::string exception;    // "InvalidSignatureException"
    std::string message;      // AWS's
    std::string explanation;  // Glovebox's
};

using Authentication = std::variant<Credential, AuthenticationFailure>;

// The whole check: header, scope, credentials, token, time, signature, in this order.
[[nodiscard]] Authentication authenticate(const http::Request& request,
                                          const CredentialStore& credentials,
                                          const SigningScope& scope, TimePoint now);

// The access key id that a request claims, whoever signed it; empty where there is none.
[[nodiscard]] std::string claimed_access_key_id(const http::Request& request);

// "20150830T123600Z".
[[nodiscard]] std::string format_amz_date(TimePoint time);

}  // namespace glovebox::iam
