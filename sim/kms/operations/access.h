// SPDX-License-Identifier: Apache-2.0

// The steps that operations have in common: find the key that a request names, ask the policies,
// look at the key's state and usage, read the Recipient, seal the answer to it.
#pragma once

#include "sim/kms/operation.h"

namespace glovebox::kms {

enum class Naming {
    any_form,   // id, key ARN, alias name, alias ARN
    not_alias,  // id or key ARN
};

// A key, and how the request named it.
struct NamedKey {
    Key key;
    std::string arn;
    std::string alias;  // "alias/..." when that was it
};

// Errors are NotFoundException, and InvalidArnException for an alias where none may stand.
[[nodiscard]] Answer<NamedKey> find_key(Environment& env, Call& call, std::string_view reference,
                                        Naming naming);

// The context that every request has; conditions on the key are added by authorize().
[[nodiscard]] policy::RequestContext context_of(const Environment& env, const Call& call);

// AccessDeniedException, with the policies' explanation, unless they allow `action`.
[[nodiscard]] Answer<void> authorize(Environment& env, Call& call, std::string_view action,
                                     const NamedKey& named, policy::RequestContext context);
// The same where there is no key: IAM policies alone decide. `resource` is an alias' ARN or "*".
[[nodiscard]] Answer<void> authorize_without_key(Environment& env, Call& call,
                                                 std::string_view action, std::string resource,
                                                 policy::RequestContext context);
// The key of a request that has a KeyId and nothing else to read, where the caller may do the
// operation with it.
[[nodiscard]] Answer<NamedKey> read_allowed_key(Environment& env, Call& call);

// What an operation does with a key's material, and so what has to hold before it may.
struct KeyUse {
    std::string_view usage;      // "ENCRYPT_DECRYPT", which the key is made for
    std::string_view algorithm;  // that the key's spec has; empty where the operation has no choice
    policy::RequestContext conditions;  // the request's, and those that the operation adds
    const EncryptionContext* encryption_context = nullptr;  // goes with symmetric keys alone
    bool is_symmetric_only = false;
    std::string_view action = {};  // empty: the operation's own
};

// The step that every operation with key material takes: it finds the key that the request names
// and asks whether it may be used so (may_use).
[[nodiscard]] Answer<NamedKey> use_key(Environment& env, Call& call, std::string_view reference,
                                       KeyUse use);

// For a key that was found already, in KMS's order: the policies allow it (AccessDeniedException),
// the key is enabled (DisabledException, KMSInvalidStateException), is of that usage and kind and
// has that algorithm (InvalidKeyUsageException), and takes an encryption context if there is one
// (ValidationException).
[[nodiscard]] Answer<void> may_use(Environment& env, Call& call, const NamedKey& named, KeyUse use);

// DisabledException or KMSInvalidStateException for a key that can't be used.
[[nodiscard]] Answer<void> check_enabled(const NamedKey& named);

// Verifies the request's Recipient, if it has one, into call.recipient. ValidationException says
// what is wrong with it.
[[nodiscard]] Answer<void> read_recipient(Environment& env, Call& call);

// Puts `secret` into the answer: as CiphertextForRecipient when there is one, else as `member`.
void put_secret(Environment& env, const Call& call, boost::json::object& output,
                std::string_view member, BytesView secret);

// KeyMetadata.
[[nodiscard]] boost::json::object metadata_of(const Environment& env, const Key& key);

// EncryptionAlgorithms, SigningAlgorithms, MacAlgorithms or KeyAgreementAlgorithms: what the key
// offers for its usage.
void put_algorithms(boost::json::object& output, const Key& key);

[[nodiscard]] boost::json::array to_array(const std::vector<std::string_view>& names);

// GrantTokens are read and have no effect: there are no grants here.
void read_grant_tokens(Input& input);

// The error of a store, for an answer.
[[nodiscard]] ApiError storage_error(const Error& error);

}  // namespace glovebox::kms
