// SPDX-License-Identifier: Apache-2.0

#include "core/crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

#include <array>

#include "core/crypto/openssl.h"

namespace glovebox {
namespace {

const EVP_MD* method(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::sha256:
            return EVP_sha256();
        case HashAlgorithm::sha384:
            return EVP_sha384();
        case HashAlgorithm::sha512:
            return EVP_sha512();
    }
    return nullptr;
}

// These calls fail only without memory or with an OpenSSL that lacks SHA-2.
void require(int done) {
    if (done != 1)
        throw_openssl("computing a SHA-2 hash");
}

EVP_MD_CTX* new_context() {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    require(context != nullptr);
    return context;
}

}  // namespace

void Hash::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Hash::Hash(HashAlgorithm algorithm) : context_(new_context()) {
    require(EVP_DigestInit_ex(context_.get(), method(algorithm), nullptr));
}

Hash::Hash(const Hash& other) : context_(new_context()) {
    require(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()));
}

void Hash::update(BytesView bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

Bytes Hash::finish() {
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), &size));
    digest.resize(size);
    return digest;
}

Bytes hash_of(HashAlgorithm algorithm, std::initializer_list<BytesView> parts) {
    Hash hash(algorithm);
    for (const BytesView part : parts)
        hash.update(part);
    return hash.finish();
}

std::string sha256_hex(BytesView bytes) {
    return to_hex(hash_of(HashAlgorithm::sha256, {bytes}));
}

Bytes hmac(HashAlgorithm algorithm, BytesView key, BytesView message) {
    Bytes mac(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    require(HMAC(method(algorithm), key.data(), static_cast<int>(key.size()), message.data(),
                 message.size(), mac.data(), &size) != nullptr);
    mac.resize(size);
    return mac;
}

void Hmac::Free::operator()(evp_mac_ctx_st* context) const {
    EVP_MAC_CTX_free(context);
}

Hmac::Hmac(HashAlgorithm algorithm, BytesView key) : key_(key.begin(), key.end()) {
    const std::unique_ptr<EVP_MAC, OpensslDeleter<EVP_MAC_free>> method_of_all(
        EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
    require(method_of_all != nullptr);
    context_.reset(EVP_MAC_CTX_new(method_of_all.get()));
    require(context_ != nullptr);
    std::string digest = EVP_MD_get0_name(method(algorithm));
    const std::array parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    require(EVP_MAC_init(context_.get(), key_.data(), key_.size(), parameters.data()));
}

// With its key again: without it, OpenSSL before 3.0.3 goes on from the message before.
Bytes Hmac::of(BytesView message) {
    Bytes mac(EVP_MAX_MD_SIZE);
    std::size_t size = 0;
    const std::lock_guard guard(mutex_);
    require(EVP_MAC_init(context_.get(), key_.data(), key_.size(), nullptr));
    require(EVP_MAC_update(context_.get(), message.data(), message.size()));
    require(EVP_MAC_final(context_.get(), mac.data(), &size, mac.size()));
    mac.resize(size);
    return mac;
}

}  // namespace glovebox
