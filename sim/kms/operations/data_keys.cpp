// SPDX-License-Identifier: Apache-2.0

// GenerateDataKey, GenerateDataKeyPair, both without plaintext too, and GenerateRandom.
#include <fmt/core.h>

#include "core/base/base64.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/encryption.h"
#include "sim/kms/operations/handlers.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr Range random_length{1, 1024};

// The symmetric key that data keys are encrypted under, found, authorized and checked.
struct Wrapping {
    NamedKey named;
    EncryptionContext context;
};

Answer<Wrapping> find_wrapping_key(Environment& env, Call& call, Input& input,
                                   std::string_view pair_spec) {
    const std::string reference = input.required_text("KeyId", key_reference_length);
    Wrapping wrapping;
    wrapping.context = input.string_map("EncryptionContext");
    if (auto error = input.error())
        return *error;
    call.request_parameters["keyId"] = reference;
    if (!wrapping.context.empty())
        call.request_parameters["encryptionContext"] = to_json(wrapping.context);
    if (call.operation.attestable)
        if (auto read = read_recipient(env, call); !read)
            return read.error();
    KeyUse use{usage_encrypt, {}, context_of(env, call)};
    use.encryption_context = &wrapping.context;
    use.is_symmetric_only = true;
    use.conditions.set("kms:EncryptionAlgorithm", std::string(symmetric_default));
    if (!pair_spec.empty())
        use.conditions.set("kms:DataKeyPairSpec", std::string(pair_spec));
    auto named = use_key(env, call, reference, std::move(use));
    if (!named)
        return named.error();
    wrapping.named = std::move(*named);
    return wrapping;
}

Answer<json::object> make_data_key(Environment& env, Call& call, bool with_plaintext) {
    Input input(call.input);
    const auto spec = input.choice("KeySpec", {"AES_256", "AES_128"});
    const auto count = input.integer("NumberOfBytes", random_length);
    const auto wrapping = find_wrapping_key(env, call, input, "");
    if (!wrapping)
        return wrapping.error();
    if (spec.has_value() == count.has_value())
        return validation_error(spec
                                    ? "Please specify either number of bytes or key spec, not both."
                                    : "Please specify either number of bytes or key spec.");
    if (spec)
        call.request_parameters["keySpec"] = *spec;
    else
        call.request_parameters["numberOfBytes"] = *count;
    Bytes data_key(spec ? (*spec == "AES_256" ? 32 : 16) : static_cast<std::size_t>(*count));
    env.random.fill(data_key);
    const auto blob =
        encrypt_under(env, wrapping->named, wrapping->context, symmetric_default, data_key);
    if (!blob)
        return blob.error();
    json::object output{{"CiphertextBlob", to_base64(*blob)}, {"KeyId", wrapping->named.arn}};
    if (with_plaintext)
        put_secret(env, call, output, "Plaintext", data_key);
    if (!call.recipient)
        output["KeyMaterialId"] = to_hex(wrapping->named.key.material_id);
    return output;
}

Answer<json::object> make_data_key_pair(Environment& env, Call& call, bool with_plaintext) {
    Input input(call.input);
    const std::string spec_name = input.required_choice("KeyPairSpec", data_key_pair_specs());
    const auto wrapping = find_wrapping_key(env, call, input, spec_name);
    if (!wrapping)
        return wrapping.error();
    call.request_parameters["keyPairSpec"] = spec_name;
    const KeySpec& spec = *find_key_spec(spec_name);
    if (spec.family == KeyFamily::unsupported)
        return api_error(
            "UnsupportedOperationException",
            fmt::format("KeyPairSpec {} is not supported by this emulator", spec_name));
    const KeyPair pair = KeyPair::generate(spec);
    const Bytes private_key = pair.to_der();
    const auto blob =
        encrypt_under(env, wrapping->named, wrapping->context, symmetric_default, private_key);
    if (!blob)
        return blob.error();
    json::object output{
        {"PrivateKeyCiphertextBlob", to_base64(*blob)},
        {"PublicKey", to_base64(pair.public_key().to_der())},
        {"KeyId", wrapping->named.arn},
        {"KeyPairSpec", spec_name},
    };
    if (with_plaintext)
        put_secret(env, call, output, "PrivateKeyPlaintext", private_key);
    if (!call.recipient)
        output["KeyMaterialId"] = to_hex(wrapping->named.key.material_id);
    return output;
}

}  // namespace

Answer<json::object> generate_data_key(Environment& env, Call& call) {
    return make_data_key(env, call, true);
}

Answer<json::object> generate_data_key_without_plaintext(Environment& env, Call& call) {
    return make_data_key(env, call, false);
}

Answer<json::object> generate_data_key_pair(Environment& env, Call& call) {
    return make_data_key_pair(env, call, true);
}

Answer<json::object> generate_data_key_pair_without_plaintext(Environment& env, Call& call) {
    return make_data_key_pair(env, call, false);
}

Answer<json::object> generate_random(Environment& env, Call& call) {
    Input input(call.input);
    const auto count = input.integer("NumberOfBytes", random_length);
    const auto store = input.text("CustomKeyStoreId", Range{1, 64});
    if (auto error = input.error())
        return *error;
    if (store)
        return api_error("UnsupportedOperationException",
                         "Custom key stores are not supported by this emulator");
    if (!count)
        return validation_error("NumberOfBytes is required.");
    call.request_parameters["numberOfBytes"] = *count;
    if (auto read = read_recipient(env, call); !read)
        return read.error();
    if (auto allowed =
            authorize_without_key(env, call, call.operation.action(), "*", context_of(env, call));
        !allowed)
        return allowed.error();
    Bytes chance(static_cast<std::size_t>(*count));
    env.random.fill(chance);
    json::object output;
    put_secret(env, call, output, "Plaintext", chance);
    return output;
}

}  // namespace glovebox::kms
