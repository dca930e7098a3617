// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/operations/table.h"

#include <algorithm>
#include <array>

#include "sim/kms/operations/handlers.h"

namespace glovebox::kms {
namespace {

constexpr std::array operations{
    Operation{.name = "CancelKeyDeletion", .handler = cancel_key_deletion},
    Operation{.name = "CreateAlias", .handler = create_alias, .has_output = false},
    Operation{.name = "CreateKey", .handler = create_key, .makes_keys = true},
    Operation{.name = "Decrypt",
              .handler = decrypt,
              .read_only = true,
              .cryptographic = true,
              .attestable = true},
    Operation{.name = "DeleteAlias", .handler = delete_alias, .has_output = false},
    Operation{.name = "DeriveSharedSecret",
              .handler = derive_shared_secret,
              .read_only = true,
              .cryptographic = true,
              .attestable = true},
    Operation{.name = "DescribeKey", .handler = describe_key, .read_only = true},
    Operation{.name = "DisableKey", .handler = disable_key, .has_output = false},
    Operation{.name = "EnableKey", .handler = enable_key, .has_output = false},
    Operation{.name = "Encrypt", .handler = encrypt, .read_only = true, .cryptographic = true},
    Operation{.name = "GenerateDataKey",
              .handler = generate_data_key,
              .read_only = true,
              .cryptographic = true,
              .attestable = true},
    Operation{.name = "GenerateDataKeyPair",
              .handler = generate_data_key_pair,
              .read_only = true,
              .cryptographic = true,
              .attestable = true,
              .makes_keys = true},
    Operation{.name = "GenerateDataKeyPairWithoutPlaintext",
              .handler = generate_data_key_pair_without_plaintext,
              .read_only = true,
              .cryptographic = true,
              .makes_keys = true},
    Operation{.name = "GenerateDataKeyWithoutPlaintext",
              .handler = generate_data_key_without_plaintext,
              .read_only = true,
              .cryptographic = true},
    Operation{
        .name = "GenerateMac", .handler = generate_mac, .read_only = true, .cryptographic = true},
    Operation{.name = "GenerateRandom",
              .handler = generate_random,
              .read_only = true,
              .attestable = true},
    Operation{.name = "GetKeyPolicy", .handler = get_key_policy, .read_only = true},
    Operation{.name = "GetPublicKey", .handler = get_public_key, .read_only = true},
    Operation{.name = "ListAliases", .handler = list_aliases, .read_only = true},
    Operation{.name = "ListKeyPolicies", .handler = list_key_policies, .read_only = true},
    Operation{.name = "ListKeys", .handler = list_keys, .read_only = true},
    Operation{.name = "PutKeyPolicy", .handler = put_key_policy, .has_output = false},
    Operation{.name = "ReEncrypt", .handler = re_encrypt, .read_only = true, .cryptographic = true},
    Operation{.name = "ScheduleKeyDeletion", .handler = schedule_key_deletion},
    Operation{.name = "Sign", .handler = sign_message, .read_only = true, .cryptographic = true},
    Operation{.name = "UpdateAlias", .handler = update_alias, .has_output = false},
    Operation{
        .name = "Verify", .handler = verify_signature, .read_only = true, .cryptographic = true},
    Operation{.name = "VerifyMac", .handler = verify_mac, .read_only = true, .cryptographic = true},
};

}  // namespace

const Operation* find_operation(std::string_view name) {
    const auto found = std::find_if(operations.begin(), operations.end(),
                                    [name](const Operation& one) { return one.name == name; });
    return found == operations.end() ? nullptr : &*found;
}

}  // namespace glovebox::kms
