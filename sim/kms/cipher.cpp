// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <string>

#include "core/crypto/openssl.h"

namespace glovebox::kms {
namespace {

constexpr int tag_bytes = 16;

void check(int result, std::string_view what) {
    if (result != 1)
        throw_openssl(what);
}

MdPtr fetch(std::string_view hash) {
    MdPtr md(EVP_MD_fetch(nullptr, std::string(hash).c_str(), nullptr));
    if (!md)
        throw_openssl(hash);
    return md;
}

}  // namespace

Bytes gcm_encrypt(BytesView key, BytesView nonce, BytesView associated, BytesView plaintext) {
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    check(EVP_EncryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()),
          "AES-GCM");
    int length = 0;
    check(EVP_EncryptUpdate(ctx.get(), nullptr, &length, associated.data(),
                            static_cast<int>(associated.size())),
          "AES-GCM");
    Bytes out(plaintext.size() + tag_bytes);
    check(EVP_EncryptUpdate(ctx.get(), out.data(), &length, plaintext.data(),
                            static_cast<int>(plaintext.size())),
          "AES-GCM");
    int rest = 0;
    check(EVP_EncryptFinal_ex(ctx.get(), out.data() + length, &rest), "AES-GCM");
    check(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes,
                              out.data() + plaintext.size()),
          "AES-GCM");
    return out;
}

std::optional<Bytes> gcm_decrypt(BytesView key, BytesView nonce, BytesView associated,
                                 BytesView ciphertext) {
    if (ciphertext.size() < tag_bytes)
        return std::nullopt;
    const BytesView body = ciphertext.first(ciphertext.size() - tag_bytes);
    Bytes tag(ciphertext.end() - tag_bytes, ciphertext.end());
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    check(EVP_DecryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()),
          "AES-GCM");
    int length = 0;
    check(EVP_DecryptUpdate(ctx.get(), nullptr, &length, associated.data(),
                            static_cast<int>(associated.size())),
          "AES-GCM");
    Bytes out(body.size() + 1);  // never without an address
    check(EVP_DecryptUpdate(ctx.get(), out.data(), &length, body.data(),
                            static_cast<int>(body.size())),
          "AES-GCM");
    check(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()), "AES-GCM");
    int rest = 0;
    if (EVP_DecryptFinal_ex(ctx.get(), out.data() + length, &rest) != 1)
        return std::nullopt;
    out.resize(body.size());
    return out;
}

Bytes cbc_encrypt(BytesView key, BytesView iv, BytesView plaintext) {
    constexpr std::size_t block_bytes = 16;
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    check(EVP_EncryptInit_ex(ctx.get(), EVP_aes_256_cbc(), nullptr, key.data(), iv.data()),
          "AES-CBC");
    Bytes out(plaintext.size() + block_bytes);
    int length = 0;
    check(EVP_EncryptUpdate(ctx.get(), out.data(), &length, plaintext.data(),
                            static_cast<int>(plaintext.size())),
          "AES-CBC");
    int rest = 0;
    check(EVP_EncryptFinal_ex(ctx.get(), out.data() + length, &rest), "AES-CBC");
    out.resize(static_cast<std::size_t>(length) + static_cast<std::size_t>(rest));
    return out;
}

std::optional<Bytes> unwrap_key(BytesView key, BytesView wrapped) {
    if (wrapped.empty())  // which OpenSSL takes for the end of the input
        return std::nullopt;
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    EVP_CIPHER_CTX_set_flags(ctx.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    check(EVP_DecryptInit_ex(ctx.get(), EVP_aes_256_wrap_pad(), nullptr, key.data(), nullptr),
          "AES key wrap");
    Bytes out(wrapped.size() + 1);
    int length = 0;
    if (EVP_DecryptUpdate(ctx.get(), out.data(), &length, wrapped.data(),
                          static_cast<int>(wrapped.size())) != 1)
        return std::nullopt;
    out.resize(static_cast<std::size_t>(length));
    return out;
}

Bytes digest(std::string_view hash, BytesView message) {
    const MdPtr md = fetch(hash);
    Bytes out(static_cast<std::size_t>(EVP_MD_get_size(md.get())));
    check(EVP_Digest(message.data(), message.size(), out.data(), nullptr, md.get(), nullptr), hash);
    return out;
}

Bytes hmac(std::string_view hash, BytesView key, BytesView message) {
    Bytes out(EVP_MAX_MD_SIZE);
    std::size_t length = 0;
    if (EVP_Q_mac(nullptr, "HMAC", nullptr, std::string(hash).c_str(), nullptr, key.data(),
                  key.size(), message.data(), message.size(), out.data(), out.size(),
                  &length) == nullptr)
        throw_openssl("HMAC");
    out.resize(length);
    return out;
}

bool equal_in_constant_time(BytesView a, BytesView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace glovebox::kms
