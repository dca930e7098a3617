// SPDX-License-Identifier: Apache-2.0

// The instance metadata service (IMDS) as one function. A parent instance asks it at
// 169.254.169.254 for facts about itself and for its role's credentials.
//
//   v2  PUT /latest/api/token                      X-aws-ec2-metadata-token-ttl-seconds: 21600
//       GET /latest/meta-data/iam/security-credentials/      X-aws-ec2-metadata-token: <token>
//   v1  the GET without a token; refused if tokens are required
//
// Version 2 asks for a session token first. A program that can be tricked into a GET to any URL
// cannot send that PUT. The role's credentials are temporary ones that glovebox kms accepts
// (iam::SessionIssuer).
//
// Source: EC2 user guide, "Use IMDS". docs/metadata.md lists the parts that clients rely on.
#pragma once

#include <chrono>
#include <map>
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
    std::string role_arn;  // empty: no role, and no iam/ among the items
    std::optional<std::string> user_data;
};

struct MetadataSettings {
    Instance instance;
    bool tokens_required = false;  // HttpTokens=required: 401 for version 1
    std::chrono::seconds credential_lifetime{6 * 3600};
};

class MetadataService {
  public:
    // The references outlive the service. `settings` has a valid role ARN or none.
    MetadataService(MetadataSettings settings, iam::SessionIssuer issuer, const Clock& clock,
                    RandomSource& random, Log& log);

    // Answers GET, HEAD and the PUT for a token. May be called from any thread.
    [[nodiscard]] http::Response handle(const http::Request& request) {
        return handle(request, std::nullopt);
    }
    // The same, where credentials that were issued in the second of `expired` or before have
    // expired. The next ones are issued in a later second.
    [[nodiscard]] http::Response handle(const http::Request& request,
                                        std::optional<TimePoint> expired);

  private:
    [[nodiscard]] http::Response make_token(const http::Request& request, TimePoint now);
    // Credentials of the role, and when they were issued.
    struct Issued {
        iam::Credential credential;
        TimePoint at;
    };

    // `version`: of the metadata service, "1.0" or "2.0", by which the item is asked for.
    [[nodiscard]] std::optional<std::string> find(std::string_view path, std::string_view version,
                                                  TimePoint now, std::optional<TimePoint> expired);
    [[nodiscard]] std::string credentials(std::string_view version, TimePoint now,
                                          std::optional<TimePoint> expired);
    [[nodiscard]] std::string identity_document() const;

    MetadataSettings settings_;
    iam::SessionIssuer issuer_;
    const Clock& clock_;
    RandomSource& random_;
    Log& log_;
    TimePoint started_;

    SessionTokens tokens_;

    std::mutex mutex_;  // guards what follows
    // By version: credentials know by which one they were delivered (ec2:RoleDelivery).
    std::map<std::string, Issued, std::less<>> issued_;
};

}  // namespace glovebox::imds
