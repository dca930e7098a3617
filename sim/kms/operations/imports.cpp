// SPDX-License-Identifier: Apache-2.0

// GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial. The client encrypts its key
// material to a wrapping key, and sends it with the token that names that key.
#include <fmt/core.h>

#include <algorithm>

#include "core/base/ascii.h"
#include "core/base/base64.h"
#include "sim/kms/cipher.h"
#include "sim/kms/json.h"
#include "sim/kms/key_lifecycle.h"
#include "sim/kms/key_material.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

using State = KeyMaterial::State;

constexpr std::chrono::hours parameters_valid{24};
constexpr std::size_t token_bytes = 512;
constexpr Range encrypted_length{1, 6144};
constexpr Range material_id_length{64, 64};
constexpr std::chrono::days valid_to_max{365};
constexpr std::string_view aes_wrapped = "RSA_AES_KEY_WRAP_SHA_";

std::optional<Bytes> unwrap(const KeyPair& key, std::string_view algorithm, BytesView encrypted) {
    const std::string hash = hash_of(algorithm);
    if (!algorithm.starts_with(aes_wrapped))
        return key.decrypt_oaep(hash, encrypted);
    // An AES key encrypted by RSA, then the material wrapped by that key.
    const auto modulus = static_cast<std::size_t>(key.public_key().bits()) / 8;
    if (encrypted.size() <= modulus)
        return std::nullopt;
    const auto aes_key = key.decrypt_oaep(hash, encrypted.first(modulus));
    if (!aes_key || aes_key->size() != aes256_key_bytes)
        return std::nullopt;
    return unwrap_key(*aes_key, encrypted.subspan(modulus));
}

// AWS: GetParametersForImport, WrappingAlgorithm. Which exception refuses the others is not said.
Answer<void> check_wrapping(const KeySpec& material, std::string_view algorithm,
                            std::string_view wrapping) {
    const bool is_private_key =
        material.family != KeyFamily::symmetric && material.family != KeyFamily::hmac;
    const bool is_too_long = material.family == KeyFamily::rsa ||
                             (material.name == "ECC_NIST_P521" && wrapping == "RSA_2048");
    if (algorithm.starts_with(aes_wrapped) ? is_private_key : !is_too_long)
        return {};
    return api_error("UnsupportedOperationException",
                     fmt::format("Wrapping algorithm {} with key spec {} is not supported for key "
                                 "material of spec {}.",
                                 algorithm, wrapping, material.name));
}

bool is_description_character(char c) {
    return is_alphanumeric(c) ||
           std::string_view(":/_.- \t\n\v\f\r").find(c) != std::string_view::npos;
}

bool is_hex_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

ApiError incorrect_material(std::string explanation) {
    return api_error("IncorrectKeyMaterialException",
                     "The key material in the request is, expired, invalid, or is not the same key "
                     "material that was previously imported into this KMS key.",
                     std::move(explanation));
}

Answer<NamedKey> find_external_key(Environment& env, Call& call, const std::string& reference,
                                   policy::RequestContext context) {
    auto named = find_allowed_key(env, call, reference, Naming::not_alias, std::move(context));
    if (!named)
        return named;
    if (auto external = check_origin(*named, origin_external); !external)
        return external.error();
    return named;
}

// When the material is to expire; the error is one of the two members.
Answer<std::optional<TimePoint>> read_expiration(Input& input, const json::object& members,
                                                 TimePoint now) {
    constexpr std::string_view expires = "KEY_MATERIAL_EXPIRES";
    const std::string model =
        input.choice("ExpirationModel", {expires, "KEY_MATERIAL_DOES_NOT_EXPIRE"})
            .value_or(std::string(expires));
    const auto* member = members.if_contains("ValidTo");
    const bool given = member != nullptr && !member->is_null();
    if (given && !member->is_number())
        return api_error("SerializationException", "ValidTo: a time in seconds was expected");
    if (given != (model == expires))
        return validation_error(given ? "A ValidTo date must not be specified if the expiration "
                                        "model is KEY_MATERIAL_DOES_NOT_EXPIRE"
                                      : "A validTo date must be set if the ExpirationModel is "
                                        "KEY_MATERIAL_EXPIRES");
    if (!given)
        return std::optional<TimePoint>();
    const TimePoint valid_to =
        TimePoint(std::chrono::milliseconds(std::llround(member->to_number<double>() * 1000)));
    if (valid_to <= now || valid_to > now + valid_to_max)
        return validation_error(fmt::format("ValidTo {} must be in the future and within 365 days.",
                                            format_time(valid_to)));
    return std::optional(valid_to);
}

Answer<Bytes> decrypt_material(Environment& env, const Call& call, const NamedKey& named,
                               BytesView token, BytesView encrypted) {
    const auto parameters = env.keys.imports().find(token);
    if (!parameters)
        return storage_error(parameters.error());
    if (!*parameters || (*parameters)->key_id != named.key.id)
        return without_message("InvalidImportTokenException",
                               *parameters ? "the import token is of another key"
                                           : "the import token is not one of this key store");
    if ((*parameters)->ends <= call.now)
        return without_message("ExpiredImportTokenException",
                               "the import token ended at " + format_time((*parameters)->ends));
    auto material = unwrap(KeyPair::from_der((*parameters)->private_key).value(),
                           (*parameters)->algorithm, encrypted);
    if (!material)
        return without_message(
            "InvalidCiphertextException",
            fmt::format("EncryptedKeyMaterial is not encrypted by {} to the public key that came "
                        "with the import token",
                        (*parameters)->algorithm));
    if (const auto why = why_not_material(*find_key_spec(named.key.spec), *material); !why.empty())
        return incorrect_material(why);
    return std::move(*material);
}

// A replica takes the materials of its primary key, of which it knows the IDs, and no other.
ApiError refuse_at_replica(const Environment& env, const NamedKey& named,
                           const std::optional<std::string>& type) {
    const std::string primary = env.key_arn(named.key.id, named.key.primary_region);
    if (type == "NEW_KEY_MATERIAL")
        return api_error("UnsupportedOperationException",
                         fmt::format("{} is a multi-Region replica key. New key material is "
                                     "imported into the primary key {} first.",
                                     named.arn, primary));
    return incorrect_material(
        fmt::format("the primary key {} has no such material: import it there first", primary));
}

// The material that the request replaces or adds, as far as the key's other materials decide it.
Answer<KeyMaterial> place_material(Environment& env, const NamedKey& named,
                                   const std::optional<std::string>& type, const Bytes& id) {
    const auto materials = env.keys.materials_of(named.key.id);
    if (!materials)
        return storage_error(materials.error());
    const auto same = std::find_if(materials->begin(), materials->end(),
                                   [&id](const KeyMaterial& one) { return one.id == id; });
    if (same != materials->end())
        return *same;
    if (named.key.multi_region && named.key.primary_region != env.region)
        return refuse_at_replica(env, named, type);
    KeyMaterial added;
    added.id = id;
    if (materials->empty() && type == "EXISTING_KEY_MATERIAL")
        return incorrect_material("the key has had no material yet");
    if (materials->empty())
        return added;
    if (type != "NEW_KEY_MATERIAL")
        return incorrect_material(
            "it is other material than was imported before; ImportType NEW_KEY_MATERIAL adds "
            "material for a rotation");
    const bool waits = std::any_of(materials->begin(), materials->end(), [](const auto& one) {
        return one.state == State::pending_rotation;
    });
    if (waits)
        return api_error("KMSInvalidStateException",
                         fmt::format("{} has key material in state PENDING_ROTATION.", named.arn));
    added.state = State::pending_rotation;
    return added;
}

}  // namespace

Answer<json::object> get_parameters_for_import(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const std::string algorithm = input.required_choice(
        "WrappingAlgorithm", {"RSAES_PKCS1_V1_5", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256",
                              "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256", "SM2PKE"});
    const std::string spec =
        input.required_choice("WrappingKeySpec", {"RSA_2048", "RSA_3072", "RSA_4096", "SM2"});
    if (auto error = input.error())
        return *error;
    call.request_parameters = {{"wrappingAlgorithm", algorithm}, {"wrappingKeySpec", spec}};
    policy::RequestContext context = context_of(env, call);
    context.set("kms:WrappingAlgorithm", algorithm);
    context.set("kms:WrappingKeySpec", spec);
    const auto named = find_external_key(env, call, reference, std::move(context));
    if (!named)
        return named.error();
    if (auto kept = check_not_ending(*named); !kept)
        return kept.error();
    if (algorithm == "RSAES_PKCS1_V1_5" || algorithm == "SM2PKE" || spec == "SM2")
        return api_error("UnsupportedOperationException",
                         fmt::format("Wrapping algorithm {} with key spec {} is not supported.",
                                     algorithm, spec));
    if (auto fits = check_wrapping(*find_key_spec(named->key.spec), algorithm, spec); !fits)
        return fits.error();
    const KeyPair pair = KeyPair::generate(*find_key_spec(spec));
    ImportParameters parameters;
    parameters.token.resize(token_bytes);
    env.random.fill(parameters.token);
    parameters.key_id = named->key.id;
    parameters.algorithm = algorithm;
    parameters.private_key = pair.to_der();
    parameters.ends = call.now + parameters_valid;
    // An expired token is known for a day more, so that the answer can say that it has expired.
    if (auto added = env.keys.imports().add(parameters, call.now - parameters_valid); !added)
        return storage_error(added.error());
    return json::object{{"KeyId", named->arn},
                        {"ImportToken", to_base64(parameters.token)},
                        {"PublicKey", to_base64(pair.public_key().to_der())},
                        {"ParametersValidTo", epoch_seconds(parameters.ends)}};
}

Answer<json::object> import_key_material(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const Bytes token = input.required_blob("ImportToken", encrypted_length);
    const Bytes encrypted = input.required_blob("EncryptedKeyMaterial", encrypted_length);
    const auto type = input.choice("ImportType", {"NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"});
    const auto description = input.text("KeyMaterialDescription", Range{0, 256});
    const auto wanted_id = input.text("KeyMaterialId", material_id_length);
    input.require_characters("KeyMaterialDescription", "^[a-zA-Z0-9:/_\\s.-]+$",
                             is_description_character);
    input.require_characters("KeyMaterialId", "^[a-f0-9]+$", is_hex_character);
    const auto valid_to = read_expiration(input, call.input, call.now);
    if (auto error = input.error())
        return *error;
    if (!valid_to)
        return valid_to.error();
    if (wanted_id && type == "NEW_KEY_MATERIAL")
        return validation_error(
            "You cannot specify KeyMaterialId with ImportType NEW_KEY_MATERIAL.");
    policy::RequestContext context = context_of(env, call);
    context.set("kms:ExpirationModel",
                *valid_to ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE");
    if (*valid_to)
        context.set("kms:ValidTo", format_time(**valid_to));
    const auto named = find_external_key(env, call, reference, std::move(context));
    if (!named)
        return named.error();
    if (auto kept = check_not_ending(*named); !kept)
        return kept.error();
    if (named->key.spec != symmetric_default && (type || description || wanted_id))
        return api_error(
            "UnsupportedOperationException",
            fmt::format("{} key spec is {} which is not valid for {}.", named->arn, named->key.spec,
                        type          ? "ImportType"
                        : description ? "KeyMaterialDescription"
                                      : "KeyMaterialId"));
    const auto bytes = decrypt_material(env, call, *named, token, encrypted);
    if (!bytes)
        return bytes.error();
    const Bytes id = derived_material_id(named->key.id, *bytes);
    if (wanted_id && *wanted_id != to_hex(id))
        return incorrect_material("the material's ID is " + to_hex(id));
    auto material = place_material(env, *named, type, id);
    if (!material)
        return material.error();
    material->bytes = *bytes;
    material->valid_to = *valid_to;
    if (description)
        material->description = *description;
    if (const auto put = env.keys.put_material(named->key.id, *material); !put)
        return storage_error(put.error());
    if (named->key.primary_region == env.region)
        if (auto announced = env.keys.announce_materials(named->key.id); !announced)
            return storage_error(announced.error());
    if (auto settled = settle_state(env.keys, named->key, named->key.state); !settled)
        return storage_error(settled.error());
    json::object output{{"KeyId", named->arn}};
    if (named->key.spec == symmetric_default)
        output["KeyMaterialId"] = to_hex(id);
    return output;
}

Answer<json::object> delete_imported_key_material(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const auto wanted_id = input.text("KeyMaterialId", material_id_length);
    if (auto error = input.error())
        return *error;
    const auto named = find_external_key(env, call, reference, context_of(env, call));
    if (!named)
        return named.error();
    auto materials = env.keys.materials_of(named->key.id);
    if (!materials)
        return storage_error(materials.error());
    json::object output{{"KeyId", named->arn}};
    bool found = false;
    for (KeyMaterial& material : *materials) {
        if (wanted_id ? to_hex(material.id) != *wanted_id : material.state != State::current)
            continue;
        found = true;
        // Of the primary key, material that waits for its rotation goes in all Regions.
        if (material.state == State::pending_rotation && named->key.primary_region == env.region)
            if (auto cleared = env.keys.clear_everywhere(named->key.id, material.id); !cleared)
                return storage_error(cleared.error());
        material.bytes.clear();
        if (const auto put = env.keys.put_material(named->key.id, material); !put)
            return storage_error(put.error());
        if (named->key.spec == symmetric_default)
            output["KeyMaterialId"] = to_hex(material.id);
    }
    if (wanted_id && !found)
        return incorrect_material("the key has no material with the ID " + *wanted_id);
    if (auto settled = settle_state(env.keys, named->key, named->key.state); !settled)
        return storage_error(settled.error());
    return output;
}

}  // namespace glovebox::kms
