// SPDX-License-Identifier: Apache-2.0

// Encrypt, Decrypt, ReEncrypt.
#include <fmt/core.h>

#include <algorithm>

#include "core/base/base64.h"
#include "sim/kms/ciphertext_blob.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/encryption.h"
#include "sim/kms/operations/handlers.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr Range plaintext_length{1, 4096};
constexpr Range ciphertext_length{1, ciphertext_bytes_max};

ApiError invalid_ciphertext(std::string explanation) {
    return without_message("InvalidCiphertextException", std::move(explanation));
}

std::string names_of(const EncryptionContext& context) {
    std::string out;
    for (const auto& [name, value] : context)
        out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, value);
    return out.empty() ? "an empty one" : "{" + out + "}";
}

std::string why_not_a_blob(BytesView blob) {
    const auto again = from_base64(as_text(blob));
    if (again && material_id_of(*again))
        return "the ciphertext is base64 of base64: the client encodes it itself, give it the "
               "bytes";
    if (again)
        return "the ciphertext is base64 text where bytes are meant, and no ciphertext inside "
               "either";
    return fmt::format("these {} bytes are not a ciphertext of this service, or were changed",
                       blob.size());
}

KeyUse encryption_use(const Environment& env, const Call& call, std::string_view algorithm,
                      const EncryptionContext& context) {
    KeyUse use{usage_encrypt, algorithm, context_of(env, call)};
    use.conditions.set("kms:EncryptionAlgorithm", std::string(algorithm));
    use.encryption_context = &context;
    return use;
}

// The key that decrypts a ciphertext, as the request states it: found and authorized.
struct Source {
    NamedKey named;
    EncryptionContext context;
    std::string algorithm;
};

struct SourceMembers {
    std::string_view key_id;
    std::string_view context;
    std::string_view algorithm;
    std::string action;
};

// `adjust` adds to the conditions' context.
template <class Adjust>
Answer<Source> find_source(Environment& env, Call& call, Input& input, BytesView blob,
                           const SourceMembers& members, Adjust adjust) {
    const auto reference = input.text(members.key_id, key_reference_length);
    Source source;
    source.context = input.string_map(members.context);
    source.algorithm = input.choice(members.algorithm, encryption_algorithms())
                           .value_or(std::string(symmetric_default));
    if (auto error = input.error())
        return *error;

    if (reference) {
        auto named = find_key(env, call, *reference, Naming::any_form);
        if (!named)
            return named.error();
        source.named = std::move(*named);
    } else {
        if (source.algorithm != symmetric_default)
            return validation_error(
                fmt::format("{} must be specified with the encryption algorithm {}", members.key_id,
                            source.algorithm));
        const auto material_id = material_id_of(blob);
        if (!material_id)
            return invalid_ciphertext(why_not_a_blob(blob));
        auto found = env.keys.find_by_material(*material_id);
        if (!found)
            return storage_error(found.error());
        if (!*found)
            return api_error(
                "AccessDeniedException",
                "The ciphertext refers to a customer master key that does not exist, does not "
                "exist in this region, or you are not allowed to access.",
                "the ciphertext was made by a key that is not in this key store: another store, "
                "another world, or a key that was deleted");
        auto named = find_key(env, call, env.key_arn((*found)->id), Naming::any_form);
        if (!named)
            return named.error();
        source.named = std::move(*named);
    }

    KeyUse use = encryption_use(env, call, source.algorithm, source.context);
    use.action = members.action;
    adjust(use.conditions, source.named);
    if (auto allowed = may_use(env, call, source.named, std::move(use)); !allowed)
        return allowed.error();
    return source;
}

// A decrypted ciphertext, and the ID of the material that had encrypted it.
struct Opened {
    Bytes plaintext;
    Bytes material_id;
};

Answer<Opened> open(Environment& env, const Source& source, BytesView blob) {
    const Key& key = source.named.key;
    if (key.spec != symmetric_default) {
        auto plaintext =
            KeyPair::from_der(key.material).value().decrypt_oaep(hash_of(source.algorithm), blob);
        if (!plaintext)
            return invalid_ciphertext(fmt::format("the bytes are not a {} ciphertext for {}",
                                                  source.algorithm, source.named.arn));
        return Opened{std::move(*plaintext), {}};
    }
    const auto material_id = material_id_of(blob);
    if (!material_id)
        return invalid_ciphertext(why_not_a_blob(blob));
    const auto materials = env.keys.materials_of(key.id);
    if (!materials)
        return storage_error(materials.error());
    const auto material =
        std::find_if(materials->begin(), materials->end(),
                     [&](const KeyMaterial& one) { return one.id == *material_id; });
    if (material == materials->end()) {
        const auto other = env.keys.find_by_material(*material_id);
        return api_error("IncorrectKeyException",
                         "The key ID in the request does not identify a CMK that can perform this "
                         "operation.",
                         other && *other
                             ? fmt::format("the ciphertext was made by {}, the request names {}",
                                           env.key_arn((*other)->id), source.named.arn)
                             : fmt::format("the ciphertext was made by a key that is not "
                                           "in this key store, the request names {}",
                                           source.named.arn));
    }
    if (material->bytes.empty())
        return api_error("KMSInvalidStateException",
                         fmt::format("{} is pending import.", source.named.arn));
    auto opened = open_blob(material->bytes, source.context, blob);
    if (opened.plaintext)
        return Opened{std::move(*opened.plaintext), *material_id};
    if (opened.refusal.kind == BlobRefusal::Kind::other_context)
        return invalid_ciphertext(fmt::format(
            "the ciphertext was made with another encryption context than {}: names and "
            "values must be the same, with the same case",
            names_of(source.context)));
    return invalid_ciphertext("the ciphertext was changed after it was made");
}

}  // namespace

Answer<Bytes> encrypt_under(Environment& env, const NamedKey& named,
                            const EncryptionContext& context, std::string_view algorithm,
                            BytesView plaintext) {
    const Key& key = named.key;
    if (key.spec == symmetric_default)
        return seal_blob(key.material_id, key.material, context, plaintext, env.random);
    const PublicKey public_key = KeyPair::from_der(key.material).value().public_key();
    const std::string hash = hash_of(algorithm);
    // RFC 8017 section 7.1.1: the modulus less two digests and two bytes.
    const std::size_t most =
        static_cast<std::size_t>(public_key.bits()) / 8 - 2 * digest_bytes(hash) - 2;
    if (plaintext.size() > most)
        return validation_error(
            fmt::format("Algorithm {} and key spec {} cannot encrypt data larger than {} bytes.",
                        algorithm, key.spec, most));
    auto ciphertext = public_key.encrypt_oaep(hash, plaintext);
    if (!ciphertext)
        return internal_error(ciphertext.error().message);
    return std::move(*ciphertext);
}

json::object to_json(const EncryptionContext& context) {
    json::object out;
    for (const auto& [name, value] : context)
        out.emplace(name, value);
    return out;
}

Answer<json::object> encrypt(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const Bytes plaintext = input.required_blob("Plaintext", plaintext_length);
    const EncryptionContext context = input.string_map("EncryptionContext");
    const std::string algorithm = input.choice("EncryptionAlgorithm", encryption_algorithms())
                                      .value_or(std::string(symmetric_default));
    if (auto error = input.error())
        return *error;
    call.request_parameters = {{"keyId", reference}, {"encryptionAlgorithm", algorithm}};
    if (!context.empty())
        call.request_parameters["encryptionContext"] = to_json(context);
    const auto named = use_key(env, call, reference, encryption_use(env, call, algorithm, context));
    if (!named)
        return named.error();
    const auto blob = encrypt_under(env, *named, context, algorithm, plaintext);
    if (!blob)
        return blob.error();
    return json::object{{"CiphertextBlob", to_base64(*blob)},
                        {"KeyId", named->arn},
                        {"EncryptionAlgorithm", algorithm}};
}

Answer<json::object> decrypt(Environment& env, Call& call) {
    Input input(call.input);
    const Bytes blob = input.required_blob("CiphertextBlob", ciphertext_length);
    if (auto error = input.error())
        return *error;
    if (auto read = read_recipient(env, call); !read)
        return read.error();
    const auto source =
        find_source(env, call, input, blob,
                    {"KeyId", "EncryptionContext", "EncryptionAlgorithm", call.operation.action()},
                    [](policy::RequestContext&, const NamedKey&) {});
    if (!source)
        return source.error();
    call.request_parameters["encryptionAlgorithm"] = source->algorithm;
    if (!source->context.empty())
        call.request_parameters["encryptionContext"] = to_json(source->context);
    const auto opened = open(env, *source, blob);
    if (!opened)
        return opened.error();
    json::object output{{"KeyId", source->named.arn}, {"EncryptionAlgorithm", source->algorithm}};
    put_secret(env, call, output, "Plaintext", opened->plaintext);
    if (!call.recipient && source->named.key.spec == symmetric_default)
        output["KeyMaterialId"] = to_hex(opened->material_id);
    return output;
}

Answer<json::object> re_encrypt(Environment& env, Call& call) {
    Input input(call.input);
    const Bytes blob = input.required_blob("CiphertextBlob", ciphertext_length);
    const std::string reference = input.required_text("DestinationKeyId", key_reference_length);
    const EncryptionContext context = input.string_map("DestinationEncryptionContext");
    const std::string algorithm =
        input.choice("DestinationEncryptionAlgorithm", encryption_algorithms())
            .value_or(std::string(symmetric_default));
    if (auto error = input.error())
        return *error;
    call.request_parameters = {{"destinationKeyId", reference},
                               {"destinationEncryptionAlgorithm", algorithm}};
    const auto destination = find_key(env, call, reference, Naming::any_form);
    if (!destination)
        return destination.error();
    bool same_key = false;
    const auto source =
        find_source(env, call, input, blob,
                    {"SourceKeyId", "SourceEncryptionContext", "SourceEncryptionAlgorithm",
                     "kms:ReEncryptFrom"},
                    [&](policy::RequestContext& conditions, const NamedKey& named) {
                        same_key = named.key.id == destination->key.id;
                        conditions.set("kms:ReEncryptOnSameKey", same_key ? "true" : "false");
                    });
    if (!source)
        return source.error();
    call.request_parameters["sourceEncryptionAlgorithm"] = source->algorithm;

    KeyUse use = encryption_use(env, call, algorithm, context);
    use.action = "kms:ReEncryptTo";
    use.conditions.set("kms:ReEncryptOnSameKey", same_key ? "true" : "false");
    if (auto allowed = may_use(env, call, *destination, std::move(use)); !allowed)
        return allowed.error();
    const auto opened = open(env, *source, blob);
    if (!opened)
        return opened.error();
    const auto sealed = encrypt_under(env, *destination, context, algorithm, opened->plaintext);
    if (!sealed)
        return sealed.error();
    json::object output{
        {"CiphertextBlob", to_base64(*sealed)},
        {"SourceKeyId", source->named.arn},
        {"KeyId", destination->arn},
        {"SourceEncryptionAlgorithm", source->algorithm},
        {"DestinationEncryptionAlgorithm", algorithm},
    };
    if (source->named.key.spec == symmetric_default)
        output["SourceKeyMaterialId"] = to_hex(opened->material_id);
    if (destination->key.spec == symmetric_default)
        output["DestinationKeyMaterialId"] = to_hex(destination->key.material_id);
    return output;
}

}  // namespace glovebox::kms
