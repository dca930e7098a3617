// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/operations/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sim/kms/operations/handlers.h"

namespace glovebox::kms {
namespace {

// Every operation of the API.
constexpr std::array operations{
    Operation{.name = "CancelKeyDeletion", .handler = cancel_key_deletion},
    Operation{.name = "CreateAlias", .handler = create_alias, .has_output = false},
    Operation{.name = "CreateKey", .handler = create_key, .makes_keys = true},
    Operation{.name = "Decrypt",
              .handler = decrypt,
              .read_only = true,
              .takes_dry_run = true,
              .attestable = true},
    Operation{.name = "DeleteAlias", .handler = delete_alias, .has_output = false},
    Operation{.name = "DeriveSharedSecret",
              .handler = derive_shared_secret,
              .read_only = true,
              .takes_dry_run = true,
              .attestable = true},
    Operation{.name = "DescribeKey", .handler = describe_key, .read_only = true},
    Operation{.name = "DisableKey", .handler = disable_key, .has_output = false},
    Operation{.name = "EnableKey", .handler = enable_key, .has_output = false},
    Operation{.name = "Encrypt", .handler = encrypt, .read_only = true, .takes_dry_run = true},
    Operation{.name = "GenerateDataKey",
              .handler = generate_data_key,
              .read_only = true,
              .takes_dry_run = true,
              .attestable = true},
    Operation{.name = "GenerateDataKeyPair",
              .handler = generate_data_key_pair,
              .read_only = true,
              .takes_dry_run = true,
              .attestable = true,
              .makes_keys = true},
    Operation{.name = "GenerateDataKeyPairWithoutPlaintext",
              .handler = generate_data_key_pair_without_plaintext,
              .read_only = true,
              .takes_dry_run = true,
              .makes_keys = true},
    Operation{.name = "GenerateDataKeyWithoutPlaintext",
              .handler = generate_data_key_without_plaintext,
              .read_only = true,
              .takes_dry_run = true},
    Operation{
        .name = "GenerateMac", .handler = generate_mac, .read_only = true, .takes_dry_run = true},
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
    Operation{.name = "ReEncrypt", .handler = re_encrypt, .read_only = true, .takes_dry_run = true},
    Operation{.name = "ScheduleKeyDeletion", .handler = schedule_key_deletion},
    Operation{.name = "Sign", .handler = sign_message, .read_only = true, .takes_dry_run = true},
    Operation{.name = "UpdateAlias", .handler = update_alias, .has_output = false},
    Operation{
        .name = "Verify", .handler = verify_signature, .read_only = true, .takes_dry_run = true},
    Operation{.name = "VerifyMac", .handler = verify_mac, .read_only = true, .takes_dry_run = true},
    Operation{.name = "CreateGrant", .handler = create_grant, .takes_dry_run = true},
    Operation{.name = "DeleteImportedKeyMaterial", .handler = delete_imported_key_material},
    Operation{.name = "DisableKeyRotation", .handler = disable_key_rotation, .has_output = false},
    Operation{.name = "EnableKeyRotation", .handler = enable_key_rotation, .has_output = false},
    Operation{
        .name = "GetKeyRotationStatus", .handler = get_key_rotation_status, .read_only = true},
    Operation{.name = "GetParametersForImport",
              .handler = get_parameters_for_import,
              .read_only = true,
              .makes_keys = true},
    Operation{.name = "ImportKeyMaterial", .handler = import_key_material},
    Operation{.name = "ListGrants", .handler = list_grants, .read_only = true},
    Operation{.name = "ListKeyRotations", .handler = list_key_rotations, .read_only = true},
    Operation{.name = "ListResourceTags", .handler = list_resource_tags, .read_only = true},
    Operation{.name = "ListRetirableGrants", .handler = list_retirable_grants, .read_only = true},
    Operation{.name = "ReplicateKey", .handler = replicate_key},
    Operation{
        .name = "RetireGrant", .handler = retire_grant, .takes_dry_run = true, .has_output = false},
    Operation{
        .name = "RevokeGrant", .handler = revoke_grant, .takes_dry_run = true, .has_output = false},
    Operation{.name = "RotateKeyOnDemand", .handler = rotate_key_on_demand},
    Operation{.name = "TagResource", .handler = tag_resource, .has_output = false},
    Operation{.name = "UntagResource", .handler = untag_resource, .has_output = false},
    Operation{
        .name = "UpdateKeyDescription", .handler = update_key_description, .has_output = false},
    // Custom key stores, post-quantum keys, and what no program in front of an enclave asks for.
    Operation{.name = "ConnectCustomKeyStore", .handler = not_emulated},
    Operation{.name = "CreateCustomKeyStore", .handler = not_emulated},
    Operation{.name = "Decapsulate", .handler = not_emulated},
    Operation{.name = "DeleteCustomKeyStore", .handler = not_emulated},
    Operation{.name = "DescribeCustomKeyStores", .handler = not_emulated},
    Operation{.name = "DisconnectCustomKeyStore", .handler = not_emulated},
    Operation{.name = "Encapsulate", .handler = not_emulated},
    Operation{.name = "GetKeyLastUsage", .handler = not_emulated},
    Operation{.name = "UpdateCustomKeyStore", .handler = not_emulated},
    Operation{.name = "UpdatePrimaryRegion", .handler = not_emulated},
};

}  // namespace

Answer<boost::json::object> not_emulated(Environment&, Call& call) {
    return api_error("UnsupportedOperationException",
                     fmt::format("{} is not emulated by Glovebox.", call.operation.name),
                     fmt::format("{} is an operation of AWS KMS that this KMS does not have; "
                                 "docs/kms.md lists those that it has",
                                 call.operation.name));
}

const Operation* find_operation(std::string_view name) {
    const auto found = std::find_if(operations.begin(), operations.end(),
                                    [name](const Operation& one) { return one.name == name; });
    return found == operations.end() ? nullptr : &*found;
}

}  // namespace glovebox::kms
