// SPDX-License-Identifier: Apache-2.0

// Sign, Verify, GetPublicKey, DeriveSharedSecret.
#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "core/base/base64.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"
#include "sim/kms/operations/key_metadata.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr Range signature_length{1, 6144};
constexpr Range public_key_length{1, 8192};
constexpr std::string_view elliptic_curve_agreement = "ECDH";

bool is_key_pair(const Key& key) {
    const KeyFamily family = find_key_spec(key.spec)->family;
    return family != KeyFamily::symmetric && family != KeyFamily::hmac;
}

// The part that Sign and Verify share: the key, found, authorized and checked, and the message.
struct Signing {
    NamedKey named;
    std::string algorithm_name;
    SigningAlgorithm algorithm;
    Bytes message;
    bool is_digest = false;
};

Answer<Signing> read_signing(Environment& env, Call& call, Input& input) {
    const std::string reference = input.required_text("KeyId", key_reference_length);
    Signing signing;
    signing.message = input.required_blob("Message", message_length);
    const std::string type =
        input.choice("MessageType", {"RAW", "DIGEST", "EXTERNAL_MU"}).value_or("RAW");
    signing.algorithm_name = input.required_choice("SigningAlgorithm", signing_algorithms());
    if (auto error = input.error())
        return *error;
    call.request_parameters = {
        {"keyId", reference}, {"messageType", type}, {"signingAlgorithm", signing.algorithm_name}};
    KeyUse use{usage_sign, signing.algorithm_name, context_of(env, call)};
    use.conditions.set("kms:SigningAlgorithm", signing.algorithm_name);
    use.conditions.set("kms:MessageType", type);
    auto named = use_key(env, call, reference, std::move(use));
    if (!named)
        return named.error();
    signing.named = std::move(*named);
    signing.algorithm = parse_signing_algorithm(signing.algorithm_name);
    signing.is_digest = type == "DIGEST";
    const bool message_alone = signing.algorithm.scheme == SignatureScheme::eddsa;
    if (type == "EXTERNAL_MU" || (message_alone && signing.is_digest))
        return validation_error(
            fmt::format("MessageType {} is not compatible with {}.", type, signing.algorithm_name));
    if (signing.is_digest && signing.message.size() != digest_bytes(signing.algorithm.hash))
        return validation_error(
            fmt::format("Digest is invalid length for algorithm {}.", signing.algorithm_name));
    return signing;
}

}  // namespace

Answer<json::object> sign_message(Environment& env, Call& call) {
    Input input(call.input);
    const auto signing = read_signing(env, call, input);
    if (!signing)
        return signing.error();
    const Bytes signature = KeyPair::from_der(signing->named.key.material)
                                .value()
                                .sign(signing->algorithm, signing->message, signing->is_digest);
    return json::object{{"KeyId", signing->named.arn},
                        {"Signature", to_base64(signature)},
                        {"SigningAlgorithm", signing->algorithm_name}};
}

Answer<json::object> verify_signature(Environment& env, Call& call) {
    Input input(call.input);
    const Bytes signature = input.required_blob("Signature", signature_length);
    const auto signing = read_signing(env, call, input);
    if (!signing)
        return signing.error();
    const bool valid =
        KeyPair::from_der(signing->named.key.material)
            .value()
            .verify(signing->algorithm, signing->message, signing->is_digest, signature);
    if (!valid)
        return without_message("KMSInvalidSignatureException",
                               fmt::format("the signature is not the one of {} over this message "
                                           "with {}",
                                           signing->named.arn, signing->algorithm_name));
    return json::object{{"KeyId", signing->named.arn},
                        {"SignatureValid", true},
                        {"SigningAlgorithm", signing->algorithm_name}};
}

Answer<json::object> get_public_key(Environment& env, Call& call) {
    const auto named = read_allowed_key(env, call, Naming::any_form);
    if (!named)
        return named.error();
    if (!is_key_pair(named->key))
        return api_error(
            "UnsupportedOperationException",
            fmt::format("{} has no public key: its KeySpec is {}", named->arn, named->key.spec));
    if (auto usable = check_enabled(*named); !usable)
        return usable.error();
    json::object output{
        {"KeyId", named->arn},
        {"PublicKey",
         to_base64(KeyPair::from_der(named->key.material).value().public_key().to_der())},
        {"CustomerMasterKeySpec", named->key.spec},
        {"KeySpec", named->key.spec},
        {"KeyUsage", named->key.usage},
    };
    put_algorithms(output, named->key);
    return output;
}

Answer<json::object> derive_shared_secret(Environment& env, Call& call) {
    Input input(call.input);
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const std::string algorithm =
        input.required_choice("KeyAgreementAlgorithm", {elliptic_curve_agreement});
    const Bytes peer_der = input.required_blob("PublicKey", public_key_length);
    if (auto error = input.error())
        return *error;
    call.request_parameters = {{"keyId", reference},
                               {"keyAgreementAlgorithm", algorithm},
                               {"publicKey", to_base64(peer_der)}};
    if (auto read = read_recipient(env, call); !read)
        return read.error();
    KeyUse use{usage_agree, algorithm, context_of(env, call)};
    use.conditions.set("kms:KeyAgreementAlgorithm", algorithm);
    const auto named = use_key(env, call, reference, std::move(use));
    if (!named)
        return named.error();
    const auto peer = PublicKey::from_der(peer_der);
    if (!peer || !peer->is_on(find_key_spec(named->key.spec)->group))
        return validation_error("", peer ? fmt::format("PublicKey is not on the curve of {}, {}",
                                                       named->arn, named->key.spec)
                                         : "PublicKey: " + peer.error().message);
    const auto secret = KeyPair::from_der(named->key.material).value().derive(*peer);
    if (!secret)
        return validation_error("", "PublicKey: " + secret.error().message);
    json::object output{{"KeyId", named->arn},
                        {"KeyAgreementAlgorithm", algorithm},
                        {"KeyOrigin", named->key.origin}};
    put_secret(env, call, output, "SharedSecret", *secret);
    return output;
}

}  // namespace glovebox::kms
