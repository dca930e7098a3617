// SPDX-License-Identifier: Apache-2.0

// Amazon Resource Names (ARNs), arn:<partition>:<service>:<region>:<account>:<resource>, and the
// principals that IAM and STS name with them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::iam {

struct Arn {
    std::string partition;  // aws, aws-cn, aws-us-gov
    std::string service;    // kms, iam, sts
    std::string region;     // empty for iam and sts
    std::string account;    // 12 digits
    std::string resource;   // key/<id>, user/<name>; may hold colons

    bool operator==(const Arn&) const = default;
};

// Splits an ARN into its parts. An error if one of the six is missing, the first is not "arn", or
// partition, service or resource is empty. The parts are not examined further.
[[nodiscard]] Result<Arn> parse_arn(std::string_view text);
[[nodiscard]] std::string to_string(const Arn& arn);

// The partition of a Region: "aws-cn" for cn-*, "aws-us-gov" for us-gov-*, otherwise "aws".
[[nodiscard]] std::string_view partition_of(std::string_view region);
// The domain of a Region's services: "amazonaws.com.cn" for cn-*, otherwise "amazonaws.com".
[[nodiscard]] std::string_view domain_of(std::string_view region);

// Whether the text is 12 digits.
[[nodiscard]] bool is_account(std::string_view text);

// How a session's credentials came to an instance.
struct Delivery {
    TimePoint issued;          // rounded down to seconds
    std::string imds_version;  // of instance metadata: "1.0" or "2.0"

    bool operator==(const Delivery&) const = default;
};

// The caller of an API. A role calls only as a session of it.
struct Principal {
    enum class Kind { root, user, session };

    Kind kind = Kind::user;
    std::string arn;  // of the caller: ...:iam::A:user/alice, ...:sts::A:assumed-role/role/session
    std::string account;  // 12 digits
    std::string
        entity_arn;  // what policies hang on, aws:PrincipalArn: for a session its role's ARN
    std::string session_name;  // for a session
    std::optional<Delivery>
        delivery;  // for a session whose credentials the metadata service issued

    bool operator==(const Principal&) const = default;
};

// Whether a policy can name it: an account's root, a user or a role of IAM, or a session or a
// federated user of STS; not a group, which is no principal. Whether it exists is another question.
[[nodiscard]] bool names_principal(const Arn& arn);

// Whether the text is named as services are, such as ec2.amazonaws.com. Which services there are is
// another question.
[[nodiscard]] bool is_service(std::string_view name);

// Reads ...:iam::A:root or ...:iam::A:user/<path and name>. The ARN of a role is an error:
// session_of() makes the caller that has assumed it.
[[nodiscard]] Result<Principal> parse_principal(std::string_view arn);

// IAM's unique ID of the user, role or account, which aws:userid and CloudTrail's principalId show:
// "AIDA" or "AROA" and 17 characters, derived from the ARN; a session's name follows a colon. An
// account's root has the account.
[[nodiscard]] std::string unique_id(const Principal& principal);

// The caller arn:...:sts::A:assumed-role/<role name>/<session name>, where the role's name has no
// path. An error if `role_arn` is not a role's.
[[nodiscard]] Result<Principal> session_of(std::string_view role_arn,
                                           std::string_view session_name);

}  // namespace glovebox::iam
