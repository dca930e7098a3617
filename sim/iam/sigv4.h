// SPDX-License-Identifier: Apache-2.0

// AWS Signature Version 4 (SigV4), in the Authorization header: who signed a request, and whether
// it arrived unchanged.
//
// Client and service share a secret access key. The client reduces the request to a text that both
// sides can compute (the canonical request), derives a key for the day, the Region and the service
// from the secret, and sends an HMAC over the text. The service computes the same and compares. The
// secret itself is never sent, and a signature is valid only for minutes.
//
//   Authorization: AWS4-HMAC-SHA256
//     Credential=<access key id>/<yyyymmdd>/<region>/<service>/aws4_request,
//     SignedHeaders=content-type;host;x-amz-date, Signature=<64 hex>
//
//   canonical request = method LF path LF query LF (name ":" value LF)* LF names LF hash(body)
//   scope             = yyyymmdd "/" region "/" service "/aws4_request"
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

// The greatest difference between the request's time and the service's clock. KMS allows five
// minutes, though AWS's general pages say fifteen.
inline constexpr std::chrono::minutes signature_skew_max{5};

// The Authorization header, parsed.
struct Authorization {
    std::string access_key_id;
    std::string date;  // yyyymmdd
    std::string region;
    std::string service;
    std::string terminator;                   // "aws4_request"
    std::vector<std::string> signed_headers;  // in their order
    std::string signature;                    // hex

    // "20150830/us-east-1/kms/aws4_request".
    [[nodiscard]] std::string scope() const;
};

// The Region and the service that a request is for.
struct SigningScope {
    std::string region;
    std::string service;
};

// The canonical request. Path and query are used as they were sent, the query sorted; header values
// are trimmed, and runs of blanks in them become one.
[[nodiscard]] std::string canonical_request(const http::Request& request,
                                            const std::vector<std::string>& signed_headers);

// `amz_date` is "20150830T123600Z".
[[nodiscard]] std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                                         std::string_view canonical_request);

// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string signature_of(std::string_view secret_access_key,
                                       const Authorization& authorization,
                                       std::string_view string_to_sign);

// Signs a request: adds X-Amz-Date, X-Amz-Security-Token for temporary credentials, and an
// Authorization over all headers that are there then. The request has a Host header.
void sign(http::Request& request, const Credential& credential, const SigningScope& scope,
          TimePoint now);

// The refusal of a request without a valid signature: AWS's exception and message, and an
// explanation in one sentence.
struct AuthenticationFailure {
    std::string exception;    // "InvalidSignatureException"
    std::string message;      // AWS's
    std::string explanation;  // Glovebox's
};

using Authentication = std::variant<Credential, AuthenticationFailure>;

// Verifies a request, in this order: the header, the date, the scope, the credentials with their
// token, their expiration, the time, the signed headers, the signature. Returns the credentials
// that signed it.
[[nodiscard]] Authentication authenticate(const http::Request& request,
                                          const CredentialStore& credentials,
                                          const SigningScope& scope, TimePoint now);

// The access key ID that a request claims, unverified; empty if it claims none.
[[nodiscard]] std::string claimed_access_key_id(const http::Request& request);

// "20150830T123600Z".
[[nodiscard]] std::string format_amz_date(TimePoint time);

}  // namespace glovebox::iam
