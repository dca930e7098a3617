// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_spec.h"

#include <algorithm>

namespace glovebox::kms {
namespace {

using Names = std::vector<std::string_view>;

const Names rsa_signing{"RSASSA_PSS_SHA_256",        "RSASSA_PSS_SHA_384",
                        "RSASSA_PSS_SHA_512",        "RSASSA_PKCS1_V1_5_SHA_256",
                        "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512"};
const Names rsa_encryption{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"};

KeySpec rsa(std::string_view name, int bits) {
    return {name,           KeyFamily::rsa, bits, "", {usage_encrypt, usage_sign},
            rsa_encryption, rsa_signing,    {}};
}

KeySpec ecc(std::string_view name, const char* group, Names usages, std::string_view signing) {
    return {name, KeyFamily::ecc, 0, group, std::move(usages), {}, {signing}, {}};
}

KeySpec mac(std::string_view name, int bits, std::string_view algorithm) {
    return {name, KeyFamily::hmac, bits, "", {usage_mac}, {}, {}, {algorithm}};
}

KeySpec unsupported(std::string_view name, std::string_view usage) {
    return {name, KeyFamily::unsupported, 0, "", {usage}, {}, {}, {}};
}

}  // namespace

const std::vector<KeySpec>& key_specs() {
    static const std::vector<KeySpec> specs{
        rsa("RSA_2048", 2048),
        rsa("RSA_3072", 3072),
        rsa("RSA_4096", 4096),
        ecc("ECC_NIST_P256", "P-256", {usage_sign, usage_agree}, "ECDSA_SHA_256"),
        ecc("ECC_NIST_P384", "P-384", {usage_sign, usage_agree}, "ECDSA_SHA_384"),
        ecc("ECC_NIST_P521", "P-521", {usage_sign, usage_agree}, "ECDSA_SHA_512"),
        ecc("ECC_SECG_P256K1", "secp256k1", {usage_sign}, "ECDSA_SHA_256"),
        {"SYMMETRIC_DEFAULT",
         KeyFamily::symmetric,
         256,
         "",
         {usage_encrypt},
         {"SYMMETRIC_DEFAULT"},
         {},
         {}},
        mac("HMAC_224", 224, "HMAC_SHA_224"),
        mac("HMAC_256", 256, "HMAC_SHA_256"),
        mac("HMAC_384", 384, "HMAC_SHA_384"),
        mac("HMAC_512", 512, "HMAC_SHA_512"),
        unsupported("SM2", usage_sign),
        unsupported("ML_DSA_44", usage_sign),
        unsupported("ML_DSA_65", usage_sign),
        unsupported("ML_DSA_87", usage_sign),
        {"ECC_NIST_EDWARDS25519",
         KeyFamily::edwards,
         0,
         "ED25519",
         {usage_sign},
         {},
         {"ED25519_SHA_512"},
         {}},
        unsupported("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
        unsupported("ML_KEM_768", "ENCAPSULATE_DECAPSULATE"),
        unsupported("ML_KEM_1024", "ENCAPSULATE_DECAPSULATE"),
    };
    return specs;
}

const KeySpec* find_key_spec(std::string_view name) {
    for (const KeySpec& spec : key_specs())
        if (spec.name == name)
            return &spec;
    return nullptr;
}

const Names& algorithms_of(const KeySpec& spec, std::string_view usage) {
    static const Names agreement{"ECDH"};
    if (usage == usage_encrypt)
        return spec.encryption_algorithms;
    if (usage == usage_sign)
        return spec.signing_algorithms;
    if (usage == usage_mac)
        return spec.mac_algorithms;
    return agreement;
}

bool contains(const std::vector<std::string_view>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

std::vector<std::string_view> key_spec_names() {
    std::vector<std::string_view> names;
    for (const KeySpec& spec : key_specs())
        names.push_back(spec.name);
    return names;
}

std::vector<std::string_view> old_key_spec_names() {
    std::vector<std::string_view> names = key_spec_names();
    std::erase_if(names, [](std::string_view name) {
        return name.starts_with("ML_") || name == "ECC_NIST_EDWARDS25519";
    });
    return names;
}

const std::vector<std::string_view>& key_usages() {
    static const Names names{"SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC",
                             "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"};
    return names;
}

const std::vector<std::string_view>& encryption_algorithms() {
    static const Names names{"SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256",
                             "SM2PKE"};
    return names;
}

const std::vector<std::string_view>& signing_algorithms() {
    static const Names names = [] {
        Names all = rsa_signing;
        for (const std::string_view name :
             {"ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512", "SM2DSA", "ML_DSA_SHAKE_256",
              "ED25519_SHA_512", "ED25519_PH_SHA_512"})
            all.push_back(name);
        return all;
    }();
    return names;
}

const std::vector<std::string_view>& mac_algorithms() {
    static const Names names{"HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512"};
    return names;
}

const std::vector<std::string_view>& data_key_pair_specs() {
    static const Names names{"RSA_2048",        "RSA_3072",      "RSA_4096",
                             "ECC_NIST_P256",   "ECC_NIST_P384", "ECC_NIST_P521",
                             "ECC_SECG_P256K1", "SM2",           "ECC_NIST_EDWARDS25519"};
    return names;
}

std::string hash_of(std::string_view algorithm) {
    return "SHA" + std::string(algorithm.substr(algorithm.rfind('_') + 1));
}

SigningAlgorithm parse_signing_algorithm(std::string_view name) {
    SigningAlgorithm algorithm;
    algorithm.hash = hash_of(name);
    if (name.starts_with("RSASSA_PSS"))
        algorithm.scheme = SignatureScheme::pss;
    else if (name.starts_with("RSASSA_PKCS1"))
        algorithm.scheme = SignatureScheme::pkcs1;
    else if (name.starts_with("ED25519"))
        algorithm.scheme = SignatureScheme::eddsa;
    return algorithm;
}

std::size_t digest_bytes(std::string_view hash) {
    if (hash == "SHA1")
        return 20;
    if (hash == "SHA224")
        return 28;
    if (hash == "SHA256")
        return 32;
    if (hash == "SHA384")
        return 48;
    return 64;
}

}  // namespace glovebox::kms
