// SPDX-License-Identifier: Apache-2.0

// Every condition key that a policy for KMS can test: IAM's global keys, the keys of other services
// that IAM makes global, and KMS's own.
//
// A key whose value this KMS cannot know is "not emulated": a Deny that tests it applies and an
// Allow does not, and the explanation says so. Nothing passes here that AWS might refuse. The
// scene's `context` gives such a key a value, or null where AWS leaves it out.
//
// Sources: IAM user guide, "AWS global condition context keys"; KMS developer guide, "AWS KMS
// condition keys"; Service Authorization Reference, KMS.
#pragma once

#include <span>
#include <string_view>

#include "sim/kms/policy/request_context.h"

namespace glovebox::kms::policy {

enum class Availability {
    set,           // set in each request that has it on AWS
    absent,        // AWS leaves it out of every request that can come here
    not_emulated,  // AWS may set it; the value depends on what this KMS does not have
};

// The policies that can test a key. In others it is absent.
enum class PolicyScope { all, identity_policies };

struct ConditionKey {
    std::string_view name;  // one that ends in ':' or '/' takes a name behind it
    Availability availability;
    std::string_view rule;  // when AWS sets it
    PolicyScope scope = PolicyScope::all;
};

[[nodiscard]] std::span<const ConditionKey> condition_keys();

// Case does not matter. Null if neither IAM nor KMS has such a key.
[[nodiscard]] const ConditionKey* find_condition_key(std::string_view name);

// The context as a key policy sees it: without the keys that only IAM policies can test.
[[nodiscard]] RequestContext for_key_policy(const RequestContext& context);

// Whether the key is not emulated, and the context says nothing about it.
[[nodiscard]] bool is_unknown(std::string_view key, const RequestContext& context);

// The first key among the policy variables in `text` that is_unknown(); empty if all are known.
[[nodiscard]] std::string_view unknown_variable(std::string_view text,
                                                const RequestContext& context);

}  // namespace glovebox::kms::policy
