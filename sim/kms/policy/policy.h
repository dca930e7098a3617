// SPDX-License-Identifier: Apache-2.0

// A policy in AWS's policy language, read from JSON: who may, or may not, do what to which key
// under which conditions.
//
//   {"Version": "2012-10-17", "Id": "...", "Statement": [{
//      "Sid": "EnclaveOnly", "Effect": "Allow",
//      "Principal": {"AWS": "arn:aws:iam::111122223333:role/parent"},
//      "Action": ["kms:Decrypt"], "Resource": "*",
//      "Condition": {"StringEqualsIgnoreCase": {"kms:RecipientAttestation:ImageSha384":
//      "ab12..."}}}]}
//
// Source: IAM user guide, "Grammar of the IAM JSON policy language"; KMS developer guide, "Key
// policies".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/kms/policy/condition.h"

namespace glovebox::kms::policy {

// KMS takes 32,768 bytes.
inline constexpr std::size_t policy_bytes_max = 32768;

enum class PolicyKind {
    key,       // hangs on a key: every statement has a Principal, "*" is the key
    identity,  // hangs on a user or role: no statement has one
};

enum class Effect { allow, deny };

// Principal or NotPrincipal.
struct PrincipalElement {
    bool negated = false;
    bool anyone = false;              // "*" or {"AWS": "*"}
    std::vector<std::string> aws;     // ARNs; an account id is spelled arn:aws:iam::<id>:root here
    std::vector<std::string> others;  // services and federated providers, who never call here
};

// Action or NotAction, Resource or NotResource.
struct PatternElement {
    bool negated = false;
    std::vector<std::string> patterns;
};

struct Statement {
    std::string sid;         // may be empty
    std::size_t number = 0;  // from 1
    Effect effect = Effect::deny;
    std::optional<PrincipalElement> principal;  // in a key policy
    // A statement that lacks one of these is accepted and has no effect.
    std::optional<PatternElement> action;
    std::optional<PatternElement> resource;
    std::vector<Condition> conditions;

    // "EnclaveOnly", or "#2" without a Sid.
    [[nodiscard]] std::string name() const;
};

struct Policy {
    std::string version;  // "2008-10-17" where it is not given
    std::string id;
    std::vector<Statement> statements;
};

// Errors are sentences that name the place: "Statement 2, Condition StringEquals: ...".
[[nodiscard]] Result<Policy> parse_policy(std::string_view json, PolicyKind kind);

// The policy that a key gets without one: it lets the account's IAM policies decide.
[[nodiscard]] std::string default_key_policy(std::string_view partition, std::string_view account);

}  // namespace glovebox::kms::policy
