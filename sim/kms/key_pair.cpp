// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_pair.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "core/crypto/openssl.h"
#include "sim/kms/cipher.h"

namespace glovebox::kms {
namespace {

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) {
    return std::shared_ptr<EVP_PKEY>(key, &EVP_PKEY_free);
}

Error refused(std::string what) {
    return invalid_input(std::move(what) + ": " + openssl_reason());
}

const EVP_MD* md(std::string_view hash) {
    return EVP_get_digestbyname(std::string(hash).c_str());
}

bool use_oaep(EVP_PKEY_CTX* context, std::string_view hash) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, md(hash)) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, md(hash)) == 1;
}

bool use_scheme(EVP_PKEY_CTX* context, const SigningAlgorithm& algorithm) {
    switch (algorithm.scheme) {
        case SignatureScheme::pss:
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_signature_md(context, md(algorithm.hash)) == 1 &&
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
        case SignatureScheme::pkcs1:
            return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_signature_md(context, md(algorithm.hash)) == 1;
        case SignatureScheme::ecdsa:
            return EVP_PKEY_CTX_set_signature_md(context, md(algorithm.hash)) == 1;
        case SignatureScheme::eddsa:
            break;
    }
    return true;
}

Bytes sign_eddsa(EVP_PKEY* key, BytesView message) {
    const MdCtxPtr context(EVP_MD_CTX_new());
    std::size_t length = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &length, message.data(), message.size()) != 1)
        throw_openssl("signing");
    Bytes signature(length);
    if (EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) !=
        1)
        throw_openssl("signing");
    signature.resize(length);
    return signature;
}

}  // namespace

Result<PublicKey> PublicKey::from_der(BytesView der) {
    const unsigned char* cursor = der.data();
    auto key = share(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));
    if (!key)
        return refused("not a SubjectPublicKeyInfo in DER");
    if (cursor != der.data() + der.size())
        return invalid_input("something follows the SubjectPublicKeyInfo");
    return PublicKey(std::move(key));
}

Bytes PublicKey::to_der() const {
    return der_of<i2d_PUBKEY>(key_.get(), "encoding a public key");
}

bool PublicKey::is_rsa() const {
    return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA;
}

bool PublicKey::is_on(std::string_view group) const {
    char name[64];
    std::size_t length = 0;
    if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519)
        return group == "ED25519";
    if (EVP_PKEY_get_base_id(key_.get()) != EVP_PKEY_EC ||
        EVP_PKEY_get_group_name(key_.get(), name, sizeof name, &length) != 1)
        return false;
    return EC_curve_nist2nid(std::string(group).c_str()) == OBJ_sn2nid(name) || group == name;
}

int PublicKey::bits() const {
    return EVP_PKEY_get_bits(key_.get());
}

Result<Bytes> PublicKey::encrypt_oaep(std::string_view hash, BytesView plaintext) const {
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(key_.get(), nullptr));
    std::size_t length = 0;
    if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 || !use_oaep(context.get(), hash) ||
        EVP_PKEY_encrypt(context.get(), nullptr, &length, plaintext.data(), plaintext.size()) != 1)
        return refused("RSAES-OAEP");
    Bytes ciphertext(length);
    if (EVP_PKEY_encrypt(context.get(), ciphertext.data(), &length, plaintext.data(),
                         plaintext.size()) != 1)
        return refused("RSAES-OAEP");
    ciphertext.resize(length);
    return ciphertext;
}

KeyPair KeyPair::generate(const KeySpec& spec) {
    EVP_PKEY* key = nullptr;
    switch (spec.family) {
        case KeyFamily::rsa:
            key = EVP_RSA_gen(static_cast<unsigned int>(spec.bits));
            break;
        case KeyFamily::ecc:
            key = EVP_EC_gen(spec.group);
            break;
        case KeyFamily::edwards:
            key = EVP_PKEY_Q_keygen(nullptr, nullptr, spec.group);
            break;
        default:
            throw std::logic_error("no key pair is of spec " + std::string(spec.name));
    }
    if (key == nullptr)
        throw_openssl("generating a key pair");
    return KeyPair(share(key));
}

Result<KeyPair> KeyPair::from_der(BytesView der) {
    const unsigned char* cursor = der.data();
    const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &cursor, static_cast<long>(der.size())));
    if (!info)
        return refused("not a PrivateKeyInfo in DER");
    if (cursor != der.data() + der.size())
        return invalid_input("something follows the PrivateKeyInfo");
    auto key = share(EVP_PKCS82PKEY(info.get()));
    if (!key)
        return refused("not a private key that OpenSSL knows");
    return KeyPair(std::move(key));
}

Bytes KeyPair::to_der() const {
    const Pkcs8Ptr info(EVP_PKEY2PKCS8(key_.get()));
    unsigned char* der = nullptr;
    const int length = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der) : -1;
    if (length <= 0)
        throw_openssl("encoding a private key");
    const auto clear = [size = static_cast<std::size_t>(length)](unsigned char* bytes) {
        OPENSSL_clear_free(bytes, size);
    };
    const std::unique_ptr<unsigned char, decltype(clear)> owner(der, clear);
    return Bytes(der, der + length);
}

std::optional<Bytes> KeyPair::decrypt_oaep(std::string_view hash, BytesView ciphertext) const {
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(key_.get(), nullptr));
    std::size_t length = 0;
    if (!context || EVP_PKEY_decrypt_init(context.get()) != 1 || !use_oaep(context.get(), hash) ||
        EVP_PKEY_decrypt(context.get(), nullptr, &length, ciphertext.data(), ciphertext.size()) !=
            1) {
        (void)openssl_reason();
        return std::nullopt;
    }
    Bytes plaintext(length);
    if (EVP_PKEY_decrypt(context.get(), plaintext.data(), &length, ciphertext.data(),
                         ciphertext.size()) != 1) {
        (void)openssl_reason();
        return std::nullopt;
    }
    plaintext.resize(length);
    return plaintext;
}

Bytes KeyPair::sign(const SigningAlgorithm& algorithm, BytesView message, bool is_digest) const {
    if (algorithm.scheme == SignatureScheme::eddsa)
        return sign_eddsa(key_.get(), message);
    const Bytes hashed =
        is_digest ? Bytes(message.begin(), message.end()) : digest(algorithm.hash, message);
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(key_.get(), nullptr));
    std::size_t length = 0;
    if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
        !use_scheme(context.get(), algorithm) ||
        EVP_PKEY_sign(context.get(), nullptr, &length, hashed.data(), hashed.size()) != 1)
        throw_openssl("signing");
    Bytes signature(length);
    if (EVP_PKEY_sign(context.get(), signature.data(), &length, hashed.data(), hashed.size()) != 1)
        throw_openssl("signing");
    signature.resize(length);
    return signature;
}

bool KeyPair::verify(const SigningAlgorithm& algorithm, BytesView message, bool is_digest,
                     BytesView signature) const {
    bool valid = false;
    if (algorithm.scheme == SignatureScheme::eddsa) {
        const MdCtxPtr context(EVP_MD_CTX_new());
        if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1)
            throw_openssl("verifying");
        valid = EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                                 message.size()) == 1;
    } else {
        const Bytes hashed =
            is_digest ? Bytes(message.begin(), message.end()) : digest(algorithm.hash, message);
        const PkeyCtxPtr context(EVP_PKEY_CTX_new(key_.get(), nullptr));
        if (!context || EVP_PKEY_verify_init(context.get()) != 1 ||
            !use_scheme(context.get(), algorithm))
            throw_openssl("verifying");
        valid = EVP_PKEY_verify(context.get(), signature.data(), signature.size(), hashed.data(),
                                hashed.size()) == 1;
    }
    if (!valid)
        (void)openssl_reason();  // empties the queue
    return valid;
}

Result<Bytes> KeyPair::derive(const PublicKey& peer) const {
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(key_.get(), nullptr));
    std::size_t length = 0;
    if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
        EVP_PKEY_derive(context.get(), nullptr, &length) != 1)
        return refused("ECDH");
    Bytes secret(length);
    if (EVP_PKEY_derive(context.get(), secret.data(), &length) != 1)
        return refused("ECDH");
    secret.resize(length);
    return secret;
}

}  // namespace glovebox::kms
