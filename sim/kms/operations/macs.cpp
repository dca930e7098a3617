// SPDX-License-Identifier: Apache-2.0

// GenerateMac, VerifyMac.
#include <fmt/core.h>

#include "core/base/base64.h"
#include "sim/kms/cipher.h"
#include "sim/kms/key_spec.h"
#include "sim/kms/operations/access.h"
#include "sim/kms/operations/handlers.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr Range mac_length{1, 6144};

struct Computed {
    std::string arn;
    std::string algorithm;
    Bytes mac;
};

Answer<Computed> compute_mac(Environment& env, Call& call, Input& input) {
    const std::string reference = input.required_text("KeyId", key_reference_length);
    const Bytes message = input.required_blob("Message", message_length);
    const std::string algorithm = input.required_choice("MacAlgorithm", mac_algorithms());
    if (auto error = input.error())
        return *error;
    call.request_parameters = {{"keyId", reference}, {"macAlgorithm", algorithm}};
    KeyUse use{usage_mac, algorithm, context_of(env, call)};
    use.conditions.set("kms:MacAlgorithm", algorithm);
    const auto named = use_key(env, call, reference, std::move(use));
    if (!named)
        return named.error();
    return Computed{named->arn, algorithm, hmac(hash_of(algorithm), named->key.material, message)};
}

}  // namespace

Answer<json::object> generate_mac(Environment& env, Call& call) {
    Input input(call.input);
    const auto computed = compute_mac(env, call, input);
    if (!computed)
        return computed.error();
    return json::object{{"Mac", to_base64(computed->mac)},
                        {"MacAlgorithm", computed->algorithm},
                        {"KeyId", computed->arn}};
}

Answer<json::object> verify_mac(Environment& env, Call& call) {
    Input input(call.input);
    const Bytes mac = input.required_blob("Mac", mac_length);
    const auto computed = compute_mac(env, call, input);
    if (!computed)
        return computed.error();
    if (!equal_in_constant_time(mac, computed->mac))
        return without_message("KMSInvalidMacException",
                               fmt::format("the MAC is not the one of {} over this message with {}",
                                           computed->arn, computed->algorithm));
    return json::object{
        {"KeyId", computed->arn}, {"MacValid", true}, {"MacAlgorithm", computed->algorithm}};
}

}  // namespace glovebox::kms
