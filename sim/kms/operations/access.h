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
// kms:EncryptionContext:<name> and kms:EncryptionContextKeys.
void add_encryption_context(policy::RequestContext& context, const EncryptionContext& values);

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

// DisabledException or KMSInvalidStateException for a key that can't be used, and
// InvalidKeyUsageException for one that is made for something else.
[[nodiscard]] Answer<void> check_enabled(const NamedKey& named);
[[nodiscard]] Answer<void> check_usage(const NamedKey& named, std::string_view usage,
                                       const Call& call);

// Verifies the request's Recipient, if it has one, into call.recipient. ValidationException says
// what is wrong with it.
[[nodiscard]] Answer<void> read_recipient(Environment& env, Call& call);

// Puts `secret` into the answer: as CiphertextForRecipient when there is one, else as `member`.
void put_secret(Environment& env, const Call& call, boost::json::object& output,
                std::string_view member, BytesView secret);

// KeyMetadata.
[[nodiscard]] boost::json::object metadata_of(const Environment& env, const Key& key);

[[nodiscard]] boost::json::array to_array(const std::vector<std::string_view>& names);

// GrantTokens are read and have no effect: there are no grants here.
void read_grant_tokens(Input& input);

// The error of a store, for an answer.
[[nodiscard]] ApiError storage_error(const Error& error);

}  // namespace glovebox::kms
