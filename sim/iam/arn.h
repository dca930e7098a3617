// SPDX-License-Identifier: Apache-2.0

// Amazon Resource Names: arn:<partition>:<service>:<region>:<account>:<resource>, and the
// principals that IAM and STS name with them.
#pragma once

#include <string>
#include <string_view>

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

// Six parts with "arn" first; none of them is looked into. The error says what is missing.
[[nodiscard]] Result<Arn> parse_arn(std::string_view text);
[[nodiscard]] std::string to_string(const Arn& arn);

// "aws-cn" for cn-*, "aws-us-gov" for us-gov-*, else "aws".
[[nodiscard]] std::string_view partition_of(std::string_view region);
// "amazonaws.com", "amazonaws.com.cn".
[[nodiscard]] std::string_view domain_of(std::string_view region);

// Whether it is 12 digits.
[[nodiscard]] bool is_account(std::string_view text);

// Who calls.
struct Principal {
    enum class Kind { root, user, session };

    Kind kind = Kind::user;
    std::string arn;  // the caller's: ...:iam::A:user/alice, ...:sts::A:assumed-role/role/session
    std::string account;  // 12 digits
    std::string
        entity_arn;  // what policies hang on, aws:PrincipalArn: for a session its role's ARN
    std::string session_name;  // for a session

    bool operator==(const Principal&) const = default;
};

// From ...:iam::A:root or ...:iam::A:user/<path and name>. A role's ARN is nobody's until it is
// assumed: session_of() makes its caller.
[[nodiscard]] Result<Principal> parse_principal(std::string_view arn);

// The caller arn:...:sts::A:assumed-role/<role name>/<session name>; a role's path is not part of
// it.
[[nodiscard]] Result<Principal> session_of(std::string_view role_arn,
                                           std::string_view session_name);

}  // namespace glovebox::iam
