// SPDX-License-Identifier: Apache-2.0

// Wrapped key material that a client of the KMS sends (ImportKeyMaterial), for which OpenSSL's own
// wrapping is the judge.

#include <openssl/evp.h>

#include <algorithm>

#include "core/crypto/openssl.h"
#include "fuzz/require.h"
#include "sim/kms/cipher.h"

namespace {

using namespace glovebox;

// AES Key Wrap with Padding (RFC 5649) by OpenSSL.
Bytes wrapped_by_openssl(BytesView key, BytesView plain) {
    const CipherCtxPtr context(EVP_CIPHER_CTX_new());
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    Bytes wrapped(plain.size() + 32);
    int length = 0;
    require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_wrap_pad(), nullptr, key.data(),
                               nullptr) == 1 &&
            EVP_EncryptUpdate(context.get(), wrapped.data(), &length, plain.data(),
                              static_cast<int>(plain.size())) == 1);
    wrapped.resize(static_cast<std::size_t>(length));
    return wrapped;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    const Bytes key(kms::aes256_key_bytes, 0x5a);
    if (const auto plain = kms::unwrap_key(key, bytes))
        require(!plain->empty() && std::ranges::equal(wrapped_by_openssl(key, *plain), bytes));
    if (bytes.empty())
        return 0;
    Bytes wrapped = wrapped_by_openssl(key, bytes);
    const auto plain = kms::unwrap_key(key, wrapped);
    require(plain && std::ranges::equal(*plain, bytes));
    wrapped[bytes[0] % wrapped.size()] ^= 1;
    require(!kms::unwrap_key(key, wrapped));
    return 0;
}
