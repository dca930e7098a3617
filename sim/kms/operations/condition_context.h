// SPDX-License-Identifier: Apache-2.0

// The condition keys of a request, as AWS sets them: those of the caller and the request, of the
// key, and of members that several operations have. policy/condition_key.h lists them all.
#pragma once

#include "sim/kms/operation.h"
#include "sim/kms/operations/named_key.h"

namespace glovebox::kms {

// The keys of every request. authorize() adds those of the key.
[[nodiscard]] policy::RequestContext context_of(const Environment& env, const Call& call);

// The keys of the KMS key that a request is about. The error is the store's.
[[nodiscard]] Answer<void> add_key(const Environment& env, policy::RequestContext& context,
                                   const NamedKey& named);

// What CreateKey says about the key that it makes: the same keys as for one that exists.
void add_key_properties(policy::RequestContext& context, std::string_view region, const Key& key);

// kms:EncryptionContext:<name> and kms:EncryptionContextKeys.
void add_encryption_context(policy::RequestContext& context, const EncryptionContext& values);

// aws:RequestTag/<name> and aws:TagKeys.
void add_request_tags(policy::RequestContext& context, const Tags& tags);

}  // namespace glovebox::kms
