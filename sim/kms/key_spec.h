// SPDX-License-Identifier: Apache-2.0

// The kinds of keys of KMS, the usages of each, and the algorithms for each usage.
//
// Source: KMS API reference, CreateKey and KeyMetadata.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glovebox::kms {

enum class KeyFamily { symmetric, rsa, ecc, edwards, hmac, unsupported };

// The usages, spelled as the API does.
inline constexpr std::string_view usage_encrypt = "ENCRYPT_DECRYPT";
inline constexpr std::string_view usage_sign = "SIGN_VERIFY";
inline constexpr std::string_view usage_mac = "GENERATE_VERIFY_MAC";
inline constexpr std::string_view usage_agree = "KEY_AGREEMENT";

// Both the spec of a symmetric key and its algorithm.
inline constexpr std::string_view symmetric_default = "SYMMETRIC_DEFAULT";

struct KeySpec {
    std::string_view name;  // "RSA_2048"
    KeyFamily family = KeyFamily::unsupported;
    int bits = 0;            // RSA: modulus; HMAC and symmetric: key
    const char* group = "";  // ECC: OpenSSL's name of the curve
    std::vector<std::string_view> usages;
    std::vector<std::string_view> encryption_algorithms;
    std::vector<std::string_view> signing_algorithms;
    std::vector<std::string_view> mac_algorithms;
};

// All specs, in the order of the API. Those of family `unsupported` need an OpenSSL newer than 3.0,
// or exist in the Regions of China only.
[[nodiscard]] const std::vector<KeySpec>& key_specs();
// Null for an unknown name.
[[nodiscard]] const KeySpec* find_key_spec(std::string_view name);

// The algorithms of the spec for one of its usages.
[[nodiscard]] const std::vector<std::string_view>& algorithms_of(const KeySpec& spec,
                                                                 std::string_view usage);

[[nodiscard]] bool contains(const std::vector<std::string_view>& list, std::string_view name);

// The values of the API's enums, for validation messages.
[[nodiscard]] std::vector<std::string_view> key_spec_names();
// Those of CustomerMasterKeySpec, which newer specs were not added to.
[[nodiscard]] std::vector<std::string_view> old_key_spec_names();
[[nodiscard]] const std::vector<std::string_view>& key_usages();
[[nodiscard]] const std::vector<std::string_view>& encryption_algorithms();
[[nodiscard]] const std::vector<std::string_view>& signing_algorithms();
[[nodiscard]] const std::vector<std::string_view>& mac_algorithms();
[[nodiscard]] const std::vector<std::string_view>& data_key_pair_specs();

// A signing algorithm taken apart: "RSASSA_PSS_SHA_256" is {pss, "SHA256"}.
enum class SignatureScheme { pss, pkcs1, ecdsa, eddsa };
struct SigningAlgorithm {
    SignatureScheme scheme = SignatureScheme::ecdsa;
    std::string hash;  // OpenSSL's name
};
// `name` is one of signing_algorithms().
[[nodiscard]] SigningAlgorithm parse_signing_algorithm(std::string_view name);
// OpenSSL's name of the hash in an algorithm's name: "SHA256" for HMAC_SHA_256 and
// RSAES_OAEP_SHA_256, "SHA1" for RSAES_OAEP_SHA_1.
[[nodiscard]] std::string hash_of(std::string_view algorithm);
// The length of its digest in bytes.
[[nodiscard]] std::size_t digest_bytes(std::string_view hash);

}  // namespace glovebox::kms
