// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/operations/key_metadata.h"

#include "core/base/bytes.h"
#include "sim/kms/json.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

json::object in_region(const Environment& env, const Key& key, const std::string& region) {
    return {{"Arn", env.key_arn(key.id, region)}, {"Region", region}};
}

json::object multi_region_configuration(const Environment& env, const Key& key) {
    json::array replicas;
    for (const std::string& region : env.keys.regions_of(key.id).value())
        if (region != key.primary_region)
            replicas.push_back(in_region(env, key, region));
    return {{"MultiRegionKeyType", key.primary_region == env.region ? "PRIMARY" : "REPLICA"},
            {"PrimaryKey", in_region(env, key, key.primary_region)},
            {"ReplicaKeys", std::move(replicas)}};
}

KeyMaterial current_material(const Environment& env, const Key& key) {
    for (KeyMaterial& material : env.keys.materials_of(key.id).value())
        if (material.state == KeyMaterial::State::current)
            return std::move(material);
    return {};
}

}  // namespace

void put_expiration(json::object& output, const KeyMaterial& material) {
    output["ExpirationModel"] =
        material.valid_to ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE";
    if (material.valid_to)
        output["ValidTo"] = epoch_seconds(*material.valid_to);
}

void put_algorithms(boost::json::object& output, const Key& key) {
    const std::string_view member = key.usage == usage_encrypt ? "EncryptionAlgorithms"
                                    : key.usage == usage_sign  ? "SigningAlgorithms"
                                    : key.usage == usage_mac   ? "MacAlgorithms"
                                                               : "KeyAgreementAlgorithms";
    output[member] = to_array(algorithms_of(*find_key_spec(key.spec), key.usage));
}

boost::json::object metadata_of(const Environment& env, const Key& key) {
    const KeySpec& spec = *find_key_spec(key.spec);
    boost::json::object out{
        {"AWSAccountId", env.account},
        {"KeyId", key.id},
        {"Arn", env.key_arn(key.id)},
        {"CreationDate", epoch_seconds(key.created)},
        {"Enabled", key.state == KeyState::enabled},
        {"Description", key.description},
        {"KeyUsage", key.usage},
        {"KeyState", name_of(key.state)},
        {"Origin", key.origin},
        {"KeyManager", "CUSTOMER"},
        {"CustomerMasterKeySpec", key.spec},
        {"KeySpec", key.spec},
    };
    if (key.deletion)
        out["DeletionDate"] = epoch_seconds(*key.deletion);
    if (key.state == KeyState::pending_replica_deletion)
        out["PendingDeletionWindowInDays"] = key.deletion_window_days;
    put_algorithms(out, key);
    out["MultiRegion"] = key.multi_region;
    if (key.multi_region)
        out["MultiRegionConfiguration"] = multi_region_configuration(env, key);
    if (spec.family == KeyFamily::symmetric && !key.material_id.empty())
        out["CurrentKeyMaterialId"] = to_hex(key.material_id);
    if (key.origin == origin_external && !key.material.empty())
        put_expiration(out, current_material(env, key));
    return out;
}

}  // namespace glovebox::kms
