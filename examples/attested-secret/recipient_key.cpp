// SPDX-License-Identifier: Apache-2.0

#include "examples/attested-secret/recipient_key.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <boost/system/errc.hpp>

namespace glovebox::example {
namespace {

Error openssl_error(std::string what) {
    return invalid_input(std::move(what) + ": " + openssl_reason());
}

bool use_oaep_sha256(EVP_PKEY_CTX* context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
}

}  // namespace

RecipientKey::RecipientKey() : key_(EVP_RSA_gen(2048)) {
    if (!key_)
        throw ErrorException(openssl_error("making an RSA-2048 key pair"));
}

Bytes RecipientKey::public_der() const {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key_.get(), &der);
    if (length <= 0)
        throw ErrorException(openssl_error("encoding the public key"));
    Bytes bytes(der, der + length);
    OPENSSL_free(der);
    return bytes;
}

Result<Bytes> RecipientKey::decrypt(BytesView ciphertext) const {
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(key_.get(), nullptr));
    std::size_t length = 0;
    if (!context || EVP_PKEY_decrypt_init(context.get()) <= 0 || !use_oaep_sha256(context.get()) ||
        EVP_PKEY_decrypt(context.get(), nullptr, &length, ciphertext.data(), ciphertext.size()) <=
            0)
        return openssl_error("preparing to decrypt");
    Bytes secret(length);
    if (EVP_PKEY_decrypt(context.get(), secret.data(), &length, ciphertext.data(),
                         ciphertext.size()) <= 0)
        return openssl_error("the ciphertext is not for this key");
    secret.resize(length);
    return secret;
}

Result<Bytes> encrypt_to(BytesView public_der, BytesView secret) {
    const unsigned char* cursor = public_der.data();
    const PkeyPtr key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(public_der.size())));
    if (!key || cursor != public_der.data() + public_der.size() ||
        EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        return openssl_error("the document's public_key is not an RSA SubjectPublicKeyInfo");
    const PkeyCtxPtr context(EVP_PKEY_CTX_new(key.get(), nullptr));
    std::size_t length = 0;
    if (!context || EVP_PKEY_encrypt_init(context.get()) <= 0 || !use_oaep_sha256(context.get()) ||
        EVP_PKEY_encrypt(context.get(), nullptr, &length, secret.data(), secret.size()) <= 0)
        return openssl_error("preparing to encrypt");
    Bytes ciphertext(length);
    if (EVP_PKEY_encrypt(context.get(), ciphertext.data(), &length, secret.data(), secret.size()) <=
        0)
        return openssl_error("encrypting the secret");
    ciphertext.resize(length);
    return ciphertext;
}

}  // namespace glovebox::example
