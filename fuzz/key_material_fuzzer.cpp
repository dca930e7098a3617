// SPDX-License-Identifier: Apache-2.0

// Keys that a client of the KMS sends: a public key (Recipient, DeriveSharedSecret), a private one
// (ImportKeyMaterial), and wrapped material, for which OpenSSL's own wrapping is the judge. A key
// that is read is written and read again with the same bytes.

#include <openssl/evp.h>

#include <algorithm>

#include "fuzz/require.h"
#include "sim/kms/cipher.h"
#include "sim/kms/key_pair.h"
#include "sim/kms/known_keys.h"

namespace {

using namespace glovebox;

// AES Key Wrap with Padding (RFC 5649) by OpenSSL.
Bytes wrapped_by_openssl(BytesView key, BytesView plain) {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    Bytes wrapped(plain.size() + 32);
    int length = 0;
    require(EVP_EncryptInit_ex(context, EVP_aes_256_wrap_pad(), nullptr, key.data(), nullptr) ==
                1 &&
            EVP_EncryptUpdate(context, wrapped.data(), &length, plain.data(),
                              static_cast<int>(plain.size())) == 1);
    EVP_CIPHER_CTX_free(context);
    wrapped.resize(static_cast<std::size_t>(length));
    return wrapped;
}

void check_wrapping(BytesView bytes) {
    const Bytes key(kms::aes256_key_bytes, 0x5a);
    if (const auto plain = kms::unwrap_key(key, bytes))
        require(!plain->empty() && std::ranges::equal(wrapped_by_openssl(key, *plain), bytes));
    if (bytes.empty())
        return;
    Bytes wrapped = wrapped_by_openssl(key, bytes);
    const auto plain = kms::unwrap_key(key, wrapped);
    require(plain && std::ranges::equal(*plain, bytes));
    wrapped[bytes[0] % wrapped.size()] ^= 1;
    require(!kms::unwrap_key(key, wrapped));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    if (const auto key = kms::PublicKey::from_der(bytes)) {
        const auto again = kms::PublicKey::from_der(key->to_der());
        require(again && again->to_der() == key->to_der());
        require(key->bits() > 0);
        static_cast<void>(key->is_on("P-256"));
    }
    static kms::KnownKeys known;
    require(known.read(bytes).has_value() == kms::PublicKey::from_der(bytes).has_value());
    if (const auto pair = kms::KeyPair::from_der(bytes)) {
        const auto again = kms::KeyPair::from_der(pair->to_der());
        require(again && again->to_der() == pair->to_der());
        static_cast<void>(pair->public_key().to_der());
    }
    check_wrapping(bytes);
    return 0;
}
