#include "sim/eif/base/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace glovebox::eif {
namespace {

const EVP_MD* method(Hash::Algorithm algorithm) {
    switch (algorithm) {
        case Hash::Algorithm::sha256:
            return EVP_sha256();
        case Hash::Algorithm::sha384:
            return EVP_sha384();
        case Hash::Algorithm::sha512:
            return EVP_sha512();
    }
    return nullptr;
}

// These calls fail only without memory or with an OpenSSL that lacks SHA-2.
void require(int done) {
    if (done != 1)
        throw std::runtime_error("OpenSSL can't compute a SHA-2 hash");
}

EVP_MD_CTX* new_context() {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    if (context == nullptr)
        throw std::bad_alloc();
    return context;
}

}  // namespace

void Hash::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Hash::Hash(Algorithm algorithm) : context_(new_context()) {
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

Bytes Hash::of(Algorithm algorithm, BytesView bytes) {
    Hash hash(algorithm);
    hash.update(bytes);
    return hash.finish();
}

Pcr pcr_of_hash(BytesView content_hash) {
    Hash hash(Hash::Algorithm::sha384);
    hash.update(Pcr{});
    hash.update(content_hash);
    const Bytes digest = hash.finish();
    Pcr pcr;
    std::copy_n(digest.begin(), pcr.size(), pcr.begin());
    return pcr;
}

}  // namespace glovebox::eif
