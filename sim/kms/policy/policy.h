// SPDX-License-Identifier: Apache-2.0

// A policy in AWS's policy language, read from JSON: which principals may, or may not, perform
// which actions on which resources, under which conditions.
//
//   {"Version": "2012-10-17", "Id": "...", "Statement": [{
//      "Sid": "EnclaveOnly", "Effect": "Allow",
//      "Principal": {"AWS": "arn:aws:iam::111122223333:role/parent"},
//      "Action": ["kms:Decrypt"], "Resource": "*",
//      "Condition": {"StringEqualsIgnoreCase":
//                    {"kms:RecipientAttestation:ImageSha384": "ab12..."}}}]}
//
// A key policy (a resource policy) belongs to a key and has principals; an identity policy belongs
// to a user or role, who is its principal. Source: IAM user guide, "Grammar of the IAM JSON policy
// language"; KMS developer guide, "Key policies".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/kms/policy/condition.h"

namespace glovebox::kms::policy {

// The limit of KMS for a key policy, in bytes.
inline constexpr std::size_t policy_bytes_max = 32768;

enum class PolicyKind {
    key,       // of a key: every statement has a Principal, and Resource "*" is the key
    identity,  // of a user or role: no statement has a Principal
};

enum class Effect { allow, deny };

// Principal or NotPrincipal.
struct PrincipalElement {
    bool negated = false;
    bool anyone = false;              // "*" or {"AWS": "*"}
    std::vector<std::string> aws;     // ARNs; an account ID becomes arn:aws:iam::<id>:root
    std::vector<std::string> others;  // services and federated providers, which never call here
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
    std::optional<PrincipalElement> principal;  // in key policies only
    PatternElement action;
    PatternElement resource;
    std::vector<Condition> conditions;

    // "EnclaveOnly", or "#2" without a Sid.
    [[nodiscard]] std::string name() const;
};

struct Policy {
    std::string version;  // "2008-10-17" if the policy states none
    std::string id;
    std::vector<Statement> statements;
};

// The error is a sentence that names the place: "Statement 2, Condition StringEquals: ...". Refused
// is what KMS refuses in a key's policy (since 18 August 2025 also a statement without Action or
// Resource, by AWS's notice to its customers), or IAM in that of a user or role.
[[nodiscard]] Result<Policy> parse_policy(std::string_view json, PolicyKind kind);

// The policy of a key that is created without one: the account's IAM policies decide.
[[nodiscard]] std::string default_key_policy(std::string_view partition, std::string_view account);

}  // namespace glovebox::kms::policy
