// SPDX-License-Identifier: Apache-2.0

// ECDSA over P-384 with SHA-384: the only algorithm of Nitro's attestation, called ES384 in COSE
// (RFC 9053, alg -35). A COSE signature is r then s, 48 bytes each, big endian, without the DER
// around them that OpenSSL reads and writes.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/crypto/openssl.h"

namespace glovebox::nsm {

// r, then s.
using Es384Signature = std::array<std::uint8_t, 96>;

// A P-384 private key. Copies share it. Any number of threads may sign with it at once. Functions
// throw only if OpenSSL itself fails.
class SigningKey {
  public:
    [[nodiscard]] static SigningKey generate();
    // Reads a private key in PEM. An error if it is not a key, or not a P-384 key.
    [[nodiscard]] static Result<SigningKey> from_pem(std::string_view pem);

    // Unencrypted PKCS#8 PEM.
    [[nodiscard]] std::string to_pem() const;
    // Hashes the message and signs the hash. ECDSA is randomized: each signature is another one.
    [[nodiscard]] Es384Signature sign(BytesView message) const;
    // Owned by the key.
    [[nodiscard]] EVP_PKEY* get() const { return key_.get(); }

  private:
    explicit SigningKey(PkeyPtr key) : key_(std::move(key)) {}

    std::shared_ptr<EVP_PKEY> key_;
};

// False for null.
[[nodiscard]] bool is_p384(const EVP_PKEY* key);

// Whether `key`, a P-384 key, made `signature` over `message`.
[[nodiscard]] bool verify_es384(EVP_PKEY* key, BytesView message, const Es384Signature& signature);

}  // namespace glovebox::nsm
