// SPDX-License-Identifier: Apache-2.0

// The instance metadata service as one function: what a parent instance asks at 169.254.169.254.
//
//   v2  PUT /latest/api/token                      X-aws-ec2-metadata-token-ttl-seconds: 21600
//       GET /latest/meta-data/iam/security-credentials/      X-aws-ec2-metadata-token: <token>
//   v1  the GET alone, unless tokens are required
//
// The role's credentials are temporary ones that glovebox kms accepts (iam::SessionIssuer).
//
// Source: EC2 user guide, "Use IMDS"; what of it clients rely on is in docs/metadata.md.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random_source.h"
#include "sim/http/message.h"
#include "sim/iam/credentials.h"
#include "sim/imds/session_tokens.h"

namespace glovebox::imds {

struct Instance {
    std::string account = "111122223333";
    std::string region = "us-east-1";
    std::string id = "i-0123456789abcdef0";
    std::string type = "m5.xlarge";
    std::string image = "ami-0123456789abcdef0";
    std::string private_ip = "10.0.0.10";
    std::string role_arn;  // empty: no role, and iam/ is not there
    std::optional<std::string> user_data;
};

struct MetadataSettings {
    Instance instance;
    bool tokens_required = false;  // HttpTokens=required: version 1 is answered with 401
    std::chrono::seconds credential_lifetime{6 * 3600};
};

class MetadataService {
  public:
    // What is given by reference outlives it.
    MetadataService(MetadataSettings settings, iam::SessionIssuer issuer, const Clock& clock,
                    RandomSource& random, Log& log);

    // Safe from any thread.
    [[nodiscard]] http::Response handle(const http::Request& request);

  private:
    [[nodiscard]] http::Response make_token(const http::Request& request, TimePoint now);
    [[nodiscard]] std::optional<std::string> find(std::string_view path, TimePoint now);
    [[nodiscard]] std::string credentials(TimePoint now);
    [[nodiscard]] std::string identity_document() const;

    MetadataSettings settings_;
    iam::SessionIssuer issuer_;
    const Clock& clock_;
    RandomSource& random_;
    Log& log_;
    TimePoint started_;

    SessionTokens tokens_;

    std::mutex mutex_;            // guards what follows
    iam::Credential credential_;  // the role's, when it was asked for
    TimePoint credential_issued_;
};

}  // namespace glovebox::imds
