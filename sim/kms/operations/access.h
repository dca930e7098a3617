// SPDX-License-Identifier: Apache-2.0

// The steps that operations share: find the key that a request names, ask the policies, check the
// key's state and usage, read the Recipient, encrypt the answer to it. An error of the store is a
// KMSInternalException.
#pragma once

#include "sim/kms/operation.h"
#include "sim/kms/operations/condition_context.h"

namespace glovebox::kms {

enum class Naming {
    any_form,   // ID, key ARN, alias name, alias ARN
    not_alias,  // ID or key ARN
};

// Finds the key and adds its ARN to call.resources. A caller of another account has to name the key
// by its ARN. Errors: NotFoundException; InvalidArnException for a malformed ARN, or for an alias
// where `naming` allows none.
[[nodiscard]] Answer<NamedKey> find_key(Environment& env, Call& call, std::string_view reference,
                                        Naming naming);

// Asks the key's policy and the caller's IAM policies about `action`, and adds the question to
// call.checks. The error is AccessDeniedException with the explanation.
[[nodiscard]] Answer<void> authorize(Environment& env, Call& call, std::string_view action,
                                     const NamedKey& named, policy::RequestContext context);
// The same without a key: only IAM policies decide. `resource` is the ARN of an alias, or "*".
[[nodiscard]] Answer<void> authorize_without_key(Environment& env, Call& call,
                                                 std::string_view action, std::string resource,
                                                 policy::RequestContext context);
// For operations whose only input is a KeyId (and GrantTokens): reads it, finds the key, and
// authorizes the operation. Does not check the key's state.
[[nodiscard]] Answer<NamedKey> read_allowed_key(Environment& env, Call& call);

// How an operation uses a key's material, and so the conditions for it.
struct KeyUse {
    std::string_view usage;      // "ENCRYPT_DECRYPT": the usage that the key has to have
    std::string_view algorithm;  // that the key's spec has to offer; empty if there is no choice
    policy::RequestContext conditions;  // context_of(), and the operation's own condition keys
    const EncryptionContext* encryption_context = nullptr;  // only symmetric keys accept one
    bool is_symmetric_only = false;
    std::string_view action = {};  // empty: the operation's own
};

// Every operation with key material takes this step: it finds the key that the request names and
// asks may_use().
[[nodiscard]] Answer<NamedKey> use_key(Environment& env, Call& call, std::string_view reference,
                                       KeyUse use);

// The checks of a key that was found, in KMS's order: the policies allow the use
// (AccessDeniedException); the key is enabled (DisabledException, KMSInvalidStateException); it has
// that usage, kind and algorithm (InvalidKeyUsageException); it accepts an encryption context if
// there is one (ValidationException).
[[nodiscard]] Answer<void> may_use(Environment& env, Call& call, const NamedKey& named, KeyUse use);

// DisabledException for a disabled key, KMSInvalidStateException for one that is pending deletion.
[[nodiscard]] Answer<void> check_enabled(const NamedKey& named);

// Verifies the request's Recipient, if it has one, and stores it in call.recipient. The
// ValidationException says what is wrong with the attestation document.
[[nodiscard]] Answer<void> read_recipient(Environment& env, Call& call);

// Adds `secret` to the answer in base64: as CiphertextForRecipient if the request has a Recipient,
// otherwise as `member`.
void put_secret(Environment& env, const Call& call, boost::json::object& output,
                std::string_view member, BytesView secret);

// The API's KeyMetadata.
[[nodiscard]] boost::json::object metadata_of(const Environment& env, const Key& key);

// Adds EncryptionAlgorithms, SigningAlgorithms, MacAlgorithms or KeyAgreementAlgorithms: the
// algorithms of the key for its usage.
void put_algorithms(boost::json::object& output, const Key& key);

[[nodiscard]] boost::json::array to_array(const std::vector<std::string_view>& names);

// Validates GrantTokens. They have no effect, since there are no grants.
void read_grant_tokens(Input& input);

// A store's error as an answer: KMSInternalException.
[[nodiscard]] ApiError storage_error(const Error& error);

}  // namespace glovebox::kms
