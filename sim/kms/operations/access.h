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

// What grants are judged by, beside the caller and the action.
struct RequestDetails {
    std::optional<EncryptionContext> encryption_context = {};
    std::optional<policy::Grant> grant = {};  // that CreateGrant makes or RetireGrant ends
};

// Asks the key's policy, the caller's IAM policies and the key's grants about `action`, and adds
// the question to call.checks. The error is AccessDeniedException with the explanation, or
// InvalidGrantTokenException.
[[nodiscard]] Answer<void> authorize(Environment& env, Call& call, std::string_view action,
                                     const NamedKey& named, policy::RequestContext context,
                                     RequestDetails details = {});
// The same without a key: only IAM policies decide. `resource` is the ARN of an alias, or "*".
[[nodiscard]] Answer<void> authorize_without_key(Environment& env, Call& call,
                                                 std::string_view action, std::string resource,
                                                 policy::RequestContext context);
// For a key that is made: `action`, and kms:TagResource too if it is made with tags.
[[nodiscard]] Answer<void> authorize_creation(Environment& env, Call& call, std::string_view action,
                                              const Tags& tags, policy::RequestContext context);
// Finds the key and authorizes the operation, with the conditions of `context`. Does not check the
// key's state.
[[nodiscard]] Answer<NamedKey> find_allowed_key(Environment& env, Call& call,
                                                const std::string& reference, Naming naming,
                                                policy::RequestContext context);
// For operations without condition keys of their own: reads KeyId, finds the key, and authorizes
// the operation.
[[nodiscard]] Answer<NamedKey> read_allowed_key(Environment& env, Call& call, Naming naming);

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

// DisabledException for a disabled key, KMSInvalidStateException for one in another state.
[[nodiscard]] Answer<void> check_enabled(const NamedKey& named);
// KMSInvalidStateException for a key that is pending deletion, also of its replicas.
[[nodiscard]] Answer<void> check_not_ending(const NamedKey& named);
// UnsupportedOperationException for a key of another origin.
[[nodiscard]] Answer<void> check_origin(const NamedKey& named, std::string_view origin);
// KMSInvalidStateException with the key's state.
[[nodiscard]] ApiError not_in_state(const NamedKey& named);

// Verifies the request's Recipient, if it has one, and stores it in call.recipient. The
// ValidationException says what is wrong with the attestation document.
[[nodiscard]] Answer<void> read_recipient(Environment& env, Call& call);

// Adds `secret` to the answer in base64: as CiphertextForRecipient if the request has a Recipient,
// otherwise as `member`.
void put_secret(Environment& env, const Call& call, boost::json::object& output,
                std::string_view member, BytesView secret);

[[nodiscard]] boost::json::array to_array(const std::vector<std::string_view>& names);

// A store's error as an answer: KMSInternalException.
[[nodiscard]] ApiError storage_error(const Error& error);

}  // namespace glovebox::kms
